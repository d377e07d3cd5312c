"""`python -m listener`: the same as `python listener.py`."""

from listener.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
