"""A listener and a reconciler over one store, and a GitHub that both speak with over HTTP."""

import io
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request

from backfill.audit import audit
from backfill.audit.verdict import Span, Verdict
from backfill.github.api_access import RULES
from backfill.github.repository_lookup import find_repository
from backfill.http import client, rate_limit
from backfill.http.etag_cache import CachingClient
from backfill.http.rate_limit import RateLimit
from backfill.pipeline.context import Context
from backfill.pipeline.database_outage import OutageRetry
from backfill.pipeline.due_items import DueItems
from backfill.pipeline.thread_pool import ThreadPool
from backfill.pipeline.writer import Writer
from backfill.reconcile.cycle import CycleOutcome, run_cycle
from backfill.reconcile.cycle_context import CycleSettings
from backfill.reconcile.reporter import CycleReporter
from backfill.records import App
from backfill.vendors import vendor_of
from fakegithub.api.hooks import Hook
from fakegithub.server import Server, serve
from fakegithub.world.world import World
from rows.github.events import EVENTS
from tests.listener.asking import Public
from tests.listener.conftest import intake_for, unhurry
from tests.listener.sending import SECRET
from tests.log_stream import logged_to

FAST = 100
"""How many times faster than real time the limits are, and our clock."""


class Quiet(WSGIRequestHandler):
    """Answers without a line for each request."""

    def log_request(self, *args: object) -> None:
        """Print nothing."""


class Receiver:
    """The listener's app on a port of its own; `is_down` refuses what comes."""

    def __init__(self, engine: Engine) -> None:
        public = Public(intake_for(engine))
        self.is_down = False

        def guarded(environ, start_response):
            if self.is_down:
                start_response("503 Service Unavailable", [("Content-Length", "0")])
                return [b""]
            given = Request(environ)
            told = public.ask(given.method, given.path, data=given.data, headers=given.headers)
            start_response(f"{told.status_code} Told", told.headers.to_wsgi_list())
            return [told.data]

        self.server = make_server("127.0.0.1", 0, guarded, threaded=True, request_handler=Quiet)
        self.url = f"http://127.0.0.1:{self.server.port}/webhook"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        self.server.shutdown()
        self.server.server_close()


class Installation(NamedTuple):
    """What a test drives."""

    world: World
    github: Server
    engine: Engine
    receiver: Receiver
    client: CachingClient
    said: io.StringIO
    reporter: CycleReporter

    def hook(self, repo: int, **options: object) -> Hook:
        """Make the hook of a repository as `--register` would, from its first moment on."""
        made = self.github.hooks.create(
            self.receiver.url,
            repo_id=repo,
            events=tuple(EVENTS),
            secret=SECRET,
            content_type="json",
            **options,
        )
        made.created_at = 0
        return made

    def heal(
        self,
        *,
        first: bool = False,
        patterns: tuple[str, ...] = ("octo-org",),
        app: App | None = None,
    ) -> CycleOutcome:
        """Make one cycle at the world's time."""
        now = datetime.fromtimestamp(self.github.now(), UTC).replace(tzinfo=None)
        settings = CycleSettings(vendor_of("github"), patterns, 30, None, app)
        return run_cycle(self.engine, self.client, self.reporter, settings, now, first=first)

    def audit(self, full_name: str, days: int) -> Verdict:
        """Compare the last days with GitHub, as `--audit` does."""
        now = datetime.fromtimestamp(self.github.now(), UTC).replace(tzinfo=None)
        writer = Writer(self.engine, self.reporter.report, OutageRetry(self.reporter.say))
        pool = ThreadPool(4)
        due = DueItems(self.engine)
        context = Context(self.engine, self.client, pool, writer, self.reporter, due)
        try:
            return audit.audit_vendor(
                context, find_repository(context, full_name), Span(now - timedelta(days), now)
            )
        finally:
            pool.close()
            writer.close()


@contextmanager
def installed(world: World, engine: Engine, **options: object) -> Iterator[Installation]:
    """Give an installation over a store, with the limits and our clock FAST times faster."""
    with ExitStack() as stack:
        github = stack.enter_context(serve(world, **options))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        github.limits.scale = FAST
        patch.setattr(rate_limit, "MINUTE", 60 / FAST)
        patch.setattr(client, "SECOND", 1 / FAST)
        unhurry(patch)
        receiver = Receiver(engine)
        stack.callback(receiver.close)
        said = io.StringIO()
        reporter = CycleReporter()
        stack.enter_context(logged_to(said))
        limit = RateLimit(RULES, reporter.waiting, None, 0.5)
        ours = CachingClient(github.url, github.token, limit)
        yield Installation(world, github, engine, receiver, ours, said, reporter)


def stored(engine: Engine, column: sa.Column) -> list:
    """Return the values of a column, in order."""
    with engine.connect() as connection:
        return list(connection.scalars(sa.select(column).order_by(column)))


def asked(here: Installation, part: str, since: int = 0) -> list[str]:
    """Return the requests whose path has a part in it, as method and path."""
    found = here.github.requests[since:]
    return [f"{one.method} {one.path}" for one in found if part in f"{one.path} "]
