"""The reconciler with short leases and pauses: python -m tests.healing.fast --once ..."""

import sys

import engines.lease
from backfill.http import client, rate_limit
from backfill.reconcile import __main__, lease, loop

SCALE = 100

if __name__ == "__main__":
    rate_limit.MINUTE = 60 / SCALE
    client.SECOND = 1 / SCALE
    engines.lease.HEARTBEAT_SECONDS = 0.1
    lease.LEASE_SECONDS, lease.LOOK_SECONDS = 3.0, 0.2
    loop.SHORTEST_SECONDS = loop.POLL_SECONDS = loop.LONGEST_SECONDS = 0.5
    loop.FAILED_SECONDS = loop.LONGEST_FAILED_SECONDS = 0.5
    raise SystemExit(__main__.main(sys.argv[1:]))
