#!/usr/bin/env bash
# isal 1.9.1 (PyPI), whose isal_zlib has the functions and names of Python's zlib.
#
# Behaviour: what isal_zlib raises for a stream that is cut short is no zlib.error: it is an
# IsalError, which derives from Exception alone. So code that swaps `import zlib` for
# `from isal import isal_zlib as zlib` and keeps `except zlib.error` of the standard library's
# somewhere else lets the error through. The package's stub declares `error` as an instance of
# Exception, so that a type checker refuses `except isal_zlib.error`, which works.
#
# Output seen:
#   zlib raises zlib.error, isal_zlib raises igzip_lib.IsalError
#   a subclass of zlib.error: False
#   the stub says: error: Exception
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install --disable-pip-version-check isal==1.9.1 2>/dev/null
"$folder/venv/bin/python" - <<'PYTHON' | tee "$folder/seen"
import zlib
from pathlib import Path

import isal
from isal import isal_zlib

cut = zlib.compress(b"a body of some length" * 20)[:-6]
raised = []
for module in (zlib, isal_zlib):
    try:
        module.decompress(cut)
    except Exception as error:
        raised.append(type(error))
names = [f"{kind.__module__}.{kind.__qualname__}" for kind in raised]
print(f"zlib raises {names[0]}, isal_zlib raises {names[1]}")
print(f"a subclass of zlib.error: {issubclass(raised[1], zlib.error)}")
stub = Path(isal.__file__).with_name("isal_zlib.pyi").read_text()
print("the stub says:", next(line for line in stub.splitlines() if line.startswith("error")))
PYTHON
diff "$folder/seen" - <<'SEEN'
zlib raises zlib.error, isal_zlib raises igzip_lib.IsalError
a subclass of zlib.error: False
the stub says: error: Exception
SEEN
