"""A vendor that answers, and what a command that asks it works with until it ends."""

from typing import NamedTuple

from sqlalchemy import Engine

from backfill.http.client import Client
from backfill.http.errors import ApiError
from backfill.pipeline.context import Context
from backfill.pipeline.database_outage import OutageRetry
from backfill.pipeline.due_items import DueItems
from backfill.pipeline.progress_bars import ProgressBars
from backfill.pipeline.thread_pool import ThreadPool
from backfill.pipeline.writer import Writer
from backfill.vendors import Vendor, chosen_vendor
from config.settings import Settings
from store.open import CannotStart


class VendorConnection(NamedTuple):
    """A vendor that answers and accepts the key, and what people see of the work."""

    vendor: Vendor
    client: Client
    reporter: ProgressBars


def connect(settings: Settings, max_requests: int | None) -> VendorConnection:
    """Return the vendor that the settings name, asked whether it answers. Raises CannotStart."""
    vendor, reporter = chosen_vendor(settings), ProgressBars()
    client = vendor.open_client(settings, reporter.waiting)
    reporter.rate_limit = client.rate_limit
    try:
        vendor.check_key(client, tries=2)
    except ApiError as problem:
        if problem.is_unanswered:
            raise CannotStart(f"{vendor.ADDRESS}: {problem}") from problem
        if problem.is_bad_key:
            raise CannotStart(str(problem)) from problem
    client.rate_limit.most = max_requests
    return VendorConnection(vendor, client, reporter)


def open_context(engine: Engine, connection: VendorConnection) -> Context:
    """Return what reading works with; `close_context` ends it."""
    reporter = connection.reporter
    writer = Writer(engine, reporter.report, OutageRetry(reporter.say))
    due = DueItems(engine, asks_forbidden=True)
    return Context(engine, connection.client, ThreadPool(), writer, reporter, due)


def close_context(context: Context) -> None:
    """Ask nothing more, and store what was handed over, whatever ended the reading."""
    context.client.rate_limit.stop()
    context.pool.close()
    context.writer.close()
    context.reporter.end()
