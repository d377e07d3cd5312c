"""The listener, storing each delivery as it came and no row of it."""

from __future__ import annotations

import sys
from typing import Any

from listener import cli, desk
from store.batch import Fate
from store.deliveries import APPLIED, Delivery


def no_rows(engine: Any, watch: Any, delivery: Delivery, payload: Any, seen: Any) -> Fate:
    """Return the fate of a delivery that no table is filled from."""
    return Fate(delivery, APPLIED)


if __name__ == "__main__":
    vars(desk)["fate"] = no_rows
    sys.exit(cli.main())
