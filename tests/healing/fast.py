"""The reconciler with short leases and pauses: python -m tests.healing.fast --once ..."""

from __future__ import annotations

import sys

from backfill import client, limits, reconcile, reign, seat

SCALE = 100

if __name__ == "__main__":
    limits.MINUTE = 60 / SCALE
    client.SECOND = 1 / SCALE
    seat.LEASE_SECONDS, seat.HEARTBEAT_SECONDS, seat.LOOK_SECONDS = 3.0, 0.1, 0.2
    reign.SHORTEST_SECONDS = reign.POLL_SECONDS = reign.LONGEST_SECONDS = 0.5
    reign.FAILED_SECONDS = reign.LONGEST_FAILED_SECONDS = 0.5
    raise SystemExit(reconcile.main(sys.argv[1:]))
