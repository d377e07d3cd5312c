"""The listener over a real store, by both ways in, and a sender for it."""

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

from config.watch import watch
from engines import connect, transaction
from engines.kind import READ_SECONDS
from listener.app import create_app
from listener.intake import group_commit, log_lines
from listener.intake import intake as intakes
from listener.intake.circuit_breaker import CircuitBreaker
from listener.intake.group_commit import GroupCommit
from listener.intake.intake import Intake
from store.deliveries.spool import Spool
from store.doors.probe import probe
from tests.listener import sending
from tests.listener.asking import Public, Reply

DOWN = "mysql+pymysql://root:hunter22@127.0.0.1:1/runs"  # nobody listens on port 1

UNHURRIED = 60.0

Deliver = Callable[..., Reply]


@pytest.fixture(autouse=True)
def _unhurried(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a busy machine time to store what a test is not about; `timed` keeps the deadlines."""
    if "timed" not in request.keywords:
        unhurry(monkeypatch)


def unhurry(patch: pytest.MonkeyPatch) -> None:
    """Let the listener of this process wait longer than a busy disk or machine stands still."""
    patch.setattr(intakes, "DATABASE_SECONDS", UNHURRIED)
    patch.setattr(intakes, "ASKING_SECONDS", UNHURRIED)
    patch.setattr(group_commit, "BATCH_SECONDS", UNHURRIED)
    patch.setattr(transaction, "QUICK_SECONDS", UNHURRIED)


@pytest.fixture(autouse=True)
def _first_of_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test's refused requests be counted to another's."""
    monkeypatch.setattr(log_lines, "UNSIGNED", log_lines.UnsignedRequests())


@pytest.fixture
def engine(store_url: str, request: pytest.FixtureRequest) -> Iterator[sa.Engine]:
    """Connect to a store without rows."""
    seconds = READ_SECONDS if "timed" in request.keywords else UNHURRIED
    made = connect(store_url, read_seconds=seconds)
    yield made
    made.dispose()


@pytest.fixture
def intake(engine: sa.Engine) -> Intake:
    """Watch every repository, with one secret and without a spool."""
    return intake_for(engine)


def intake_for(engine: sa.Engine, spool: Spool | None = None) -> Intake:
    """Return an intake as a worker has it, whose breaker does not probe by itself."""
    breaker = CircuitBreaker(lambda: probe(engine))
    secrets = {"github": (sending.SECRET.encode(),)}
    return Intake(engine, GroupCommit(engine), secrets, watch(()), breaker, spool)


@pytest.fixture
def app(intake: Intake) -> Flask:
    """Make the app that pytest-flask's `client` speaks to."""
    return create_app(intake)


@pytest.fixture(params=["asgi", "flask"])
def way(request: pytest.FixtureRequest) -> str:
    """Name a way in: that of `python3 listener.py`, and that of any WSGI server."""
    return str(request.param)


@pytest.fixture
def public(way: str, intake: Intake, request: pytest.FixtureRequest) -> Public:
    """Make the port as a worker does."""
    client = request.getfixturevalue("client") if way == "flask" else None
    return Public(intake, client)


@pytest.fixture
def deliver(public: Public) -> Deliver:
    """Post a delivery: `deliver("push", body)`, with headers by name to change or leave out."""

    def send(event: str, body: bytes, **others: str | None) -> Reply:
        return public.post(body, sending.headers(event, body, **others))

    return send


@pytest.fixture
def rewatch(public: Public, intake: Intake) -> Callable[..., None]:
    """Watch other repositories from now on: `rewatch("org/repo")`."""

    def change(*patterns: str) -> None:
        public.intake = intake._replace(watch=watch(patterns))

    return change
