"""One upstream report a file, each a program by the convention of ``git bisect run``.

The convention, and what a scenario may use, stand in ``_common.py``.
"""
