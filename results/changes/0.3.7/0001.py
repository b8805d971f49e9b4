"""raises: nothing special: the import raises ImportError: does not import: cannot import name
'CreateBaseModel' from 'fast_depends._compat'
(<python>/fast_depends/_compat.py); now it ends

Passes (0) on 0.3.7, fails (1) on 0.3.6.  Found by `nox -s changes`.
"""

import faststream.rabbit
