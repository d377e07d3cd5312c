"""The listener, storing each delivery as it came and no row of it."""

from __future__ import annotations

import sys
from typing import Any

from listener import cli
from listener.intake import intake
from store.deliveries.table import APPLIED, Delivery
from store.doors.webhook import Fate


def no_rows(engine: Any, watch: Any, delivery: Delivery, payload: Any, seen: Any) -> Fate:
    """Return the fate of a delivery that no table is filled from."""
    return Fate(delivery, APPLIED)


if __name__ == "__main__":
    vars(intake)["fate"] = no_rows
    sys.exit(cli.main())
