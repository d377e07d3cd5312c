"""What the parts of a cycle work with."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from backfill.pipeline.context import Context
from backfill.records import App, Webhook
from backfill.vendors import Vendor
from store.deliveries.received import LatestSenders


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

    `senders` sent the latest deliveries; `hook_lists` are those that this cycle has asked for.
    """

    context: Context
    settings: CycleSettings
    now: datetime
    senders: LatestSenders
    hook_lists: dict[str, list[Webhook] | None]
