import pytest

from orders import make_broker


@pytest.fixture
def broker():
    return make_broker()
