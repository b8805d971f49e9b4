"""raises: nothing special: the import ends; now it raises ImportError: does not import: No module
named 'packaging'

Passes (0) on 0.3.3, fails (1) on 0.3.4.  Found by `nox -s changes`.
"""

import faststream.rabbit
