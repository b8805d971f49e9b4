"""raises: nothing special: the import raises ImportError: does not import: No module named
'pydantic._internal._annotated_handlers'; now it ends

Passes (0) on 0.1.2, fails (1) on 0.1.1.  Found by `nox -s changes`.
"""

import faststream.rabbit
