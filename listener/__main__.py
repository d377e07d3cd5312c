"""`python -m listener`: the same as `python3 listener.py`."""

from listener.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
