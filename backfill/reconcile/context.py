"""What the parts of a cycle work with."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from backfill.pipeline.context import Context
from backfill.records import App, Webhook
from backfill.vendors import Vendor


class CycleSettings(NamedTuple):
    """What a cycle is to keep whole: `-r` as given, for how many days we keep deliveries, the
    folder in which they wait for the database, and the vendor's app that sends them, if one does.
    """

    vendor: Vendor
    patterns: tuple[str, ...]
    retention_days: int
    spool: Path | None = None
    app: App | None = None


class CycleContext(NamedTuple):
    """What the parts of a cycle work with.

    `sending` are the hooks that delivered lately, `heard` the repositories in lower case that they
    delivered of, `hook_lists` the lists of hooks that this cycle has asked for.
    """

    context: Context
    settings: CycleSettings
    now: datetime
    sending: set[int]
    heard: set[str]
    hook_lists: dict[str, list[Webhook] | None]
