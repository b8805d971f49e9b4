"""raises: nothing special: the import raises ImportError: does not import: ValueError: invalid
literal for int() with base 10: 'post1'; now it ends

Passes (0) on 0.5.27, fails (1) on 0.5.26.  Found by `nox -s changes`.
"""

import faststream.rabbit
