"""Run the Node receiver under the listener's flags: DATABASE_URL, `--host` and `-p`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from sqlalchemy import make_url

from benchmarks.node import RECEIVER


def main(argv: Sequence[str] | None = None) -> int:
    """Become the receiver."""
    flags = argparse.ArgumentParser(prog="python -m benchmarks.node", description=__doc__)
    flags.add_argument("--host", default="127.0.0.1")
    flags.add_argument("-p", "--port", required=True)
    given = flags.parse_args(argv)
    url = make_url(os.environ["DATABASE_URL"]).set(drivername="mysql")
    database = url.render_as_string(hide_password=False)
    os.execvp("node", ["node", str(RECEIVER), given.port, database])  # noqa: S606, S607


if __name__ == "__main__":
    sys.exit(main())
