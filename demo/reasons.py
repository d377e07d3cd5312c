"""What the made-up day's failed jobs say: there is no GitHub to read their logs from."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine

from engines import reading
from rows.fingerprint import fingerprints_of
from store.reads import runs
from store.state import failures
from store.state.failures import FailureReason

SAID = (
    "AssertionError: expected status 200, got 503 after 31 s",
    "error TS2322: Type 'string' is not assignable to type 'number'.",
    "TimeoutError: page.click took longer than 30000 ms",
    "ld: cannot find -lssl: No such file or directory",
    "ConnectionResetError: [Errno 104] Connection reset by peer (registry, attempt 3)",
)
NIGHTLY = (
    "error: registry.example.org: timed out after 60 s while pulling base:3.20",
    "KeyError: 'currency' (shop/prices.py, total)",
    "psycopg.OperationalError: connection refused: is the server running on port 5432?",
)
HOSTILE = "<img src=x onerror=alert(1)> is not a valid branch"
LONG_AGO, FAR_AHEAD = datetime(2000, 1, 1), datetime(2100, 1, 1)


def tell(engine: Engine, said: Sequence[str] = SAID) -> int:
    """Give every failed job without a reason one of the messages; return how many."""
    with reading(engine).connect() as connection:
        numbers = [repo.Id for repo in runs.list_repos(connection)]
        wish = failures.FailedJobFilter(numbers, LONG_AGO, FAR_AHEAD)
        unread = failures.list_unread(connection, wish, 2000)
    for failed in unread:
        message = said[failed.jobgitid % len(said)]
        if failed.job and failed.job.startswith("build"):
            message = HOSTILE
        elif failed.job and failed.job.startswith("integration"):
            message = NIGHTLY[failed.repoid % len(NIGHTLY)]  # the same each night
        context = "Run make test\ncollected 128 items\ntests/test_shop.py ..........F"
        prints = fingerprints_of(message)._asdict()
        finding = FailureReason("log", None, message, context, kind="cause", **prints)
        failures.store_reasons(engine, failed, [finding])
    return len(unread)
