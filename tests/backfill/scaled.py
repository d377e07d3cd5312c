"""The command with its clock faster: python -m tests.backfill.scaled 100 -r org/repo ..."""

import sys

from backfill.cli import main
from backfill.http import client, rate_limit

if __name__ == "__main__":
    scale = float(sys.argv[1])
    rate_limit.MINUTE = 60 / scale
    client.SECOND = 1 / scale
    raise SystemExit(main(sys.argv[2:]))
