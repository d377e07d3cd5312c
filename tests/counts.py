"""How long the long programmes run: a fixed part in `make test`, all of it in `make test-all`."""

import os

ALL = os.environ.get("RUNLEDGER_TEST") == "all"


def count(part: int, whole: int) -> int:
    """Choose `whole` when every stated count is asked for (RUNLEDGER_TEST=all), else `part`."""
    return whole if ALL else part
