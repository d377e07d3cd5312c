"""What the last load got to: where a registry's limit of calls stopped it, the next goes on."""

import json
import os
from pathlib import Path
from typing import Any

from lines import emit


def read_state() -> dict[str, Any]:
    """Return what the last load kept, nothing at first."""
    path = os.environ.get("FEED_STATE")
    return dict(json.loads(Path(path).read_text("utf-8"))) if path else {}


def emit_state(**value: object) -> None:
    """Print what the next load is to know."""
    print(json.dumps({"type": "STATE", "value": value}))


def names_left(names: list[str], mine: set[str], left: set[str]) -> list[str]:
    """Return the names that a load which was stopped did not get to; all after a whole one."""
    return [name for name in names if name in left or name not in mine] if left else names


def emit_left(names: list[str], before: set[str]) -> None:
    """Print which packages were ours at the last load and are not any more."""
    for name in sorted(before - {*names}):
        emit("packages", name=name, import_id=name, mine=False)
