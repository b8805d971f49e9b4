"""raises: nothing special: the import raises ImportError: does not import:
PydanticSchemaGenerationError: Unable to generate pydantic-core schema for
typing_extensions.NoDefault. Set `arbitrary_types_allow...; now it ends

Passes (0) on 0.5.9, fails (1) on 0.5.8.  Found by `nox -s changes`.
"""

import faststream.rabbit
