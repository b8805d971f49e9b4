"""raises: nothing special: the import raises ImportError: does not import: No module named
'packaging'; now it ends

Passes (0) on 0.3.6, fails (1) on 0.3.5.  Found by `nox -s changes`.
"""

import faststream.rabbit
