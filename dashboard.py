"""Door to the pages: `python dashboard.py ...`. What it does is in dashboard/cli.py."""

from __future__ import annotations

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    try:
        from dashboard.cli import main
    except ImportError as error:
        # The packages live in .venv: a Python without them hands over to that one, once.
        python = Path(__file__).resolve().parent / ".venv/bin/python"
        if python.exists() and os.environ.get("RUNLEDGER_DOOR") != "venv":
            os.environ["RUNLEDGER_DOOR"] = "venv"
            os.execv(python, [str(python), *sys.argv])  # noqa: S606 - no shell on purpose
        print(f"{Path(__file__).name}: run make setup first ({error})", file=sys.stderr)
        raise SystemExit(2) from None
    os.environ.pop("RUNLEDGER_DOOR", None)
    raise SystemExit(main())
