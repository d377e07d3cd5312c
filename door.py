"""Open a door: run a command of the house by a Python that has its packages."""

import gc
import importlib
import os
import sys
from pathlib import Path
from typing import NoReturn


def enter(module: str) -> NoReturn:
    """Run `main` of a module and end with its code; 2 where the packages are nowhere.

    They live in .venv: a Python without them hands over to that one, once.
    """
    script = Path(sys.argv[0])
    gc.disable()  # What libraries make stays: to look through it takes a tenth of a start
    try:
        main = importlib.import_module(module).main
    except ImportError as error:
        python = Path(__file__).resolve().parent / ".venv/bin/python"
        if python.exists() and os.environ.get("RUNLEDGER_DOOR") != "venv":
            os.environ["RUNLEDGER_DOOR"] = "venv"
            os.execv(python, [str(python), *sys.argv])  # noqa: S606 - no shell on purpose
        print(f"{script.name}: run make setup first ({error})", file=sys.stderr)
        raise SystemExit(2) from None
    gc.freeze()
    gc.enable()
    os.environ.pop("RUNLEDGER_DOOR", None)
    try:
        code = main()
        sys.stdout.flush()
        raise SystemExit(code)
    except BrokenPipeError:  # of `| head`, which has what it wants
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    finally:
        gc.freeze()  # likewise at the end, which takes what is left with it
