"""What travels to scheduler and workers by its text, rather than by its name.

A scheduler takes every task apart, and need not have this suite installed; so these few functions
are carried whole (`cloudpickle.register_pickle_by_value`), and import only where they run.
"""

from typing import Any


async def answer(key: str, cell: str, sent: object) -> object:
    """Answer a cell on a worker."""
    from distributed import get_worker

    plugin: Any = get_worker().plugins["faststream-bisector"]
    return await plugin.answer(key, cell, sent)


async def retire(why: str, dask_worker: Any = None) -> None:
    """Tell a worker that it is to end, and why."""
    dask_worker.plugins["faststream-bisector"].retired = why
