"""The listener's app over a real store, and a sender for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from config.watch import watch
from engines import connect
from listener.asgi_app import App
from listener.intake.circuit_breaker import Breaker
from listener.intake.group_commit import Group
from listener.intake.intake import Desk
from store.deliveries.spool import Spool
from store.doors.probe import probe
from tests.listener import sending
from tests.listener.asking import Told, post

DOWN = "mysql+pymysql://root:hunter22@127.0.0.1:1/runs"  # nobody listens on port 1

Deliver = Callable[..., Told]


@pytest.fixture
def engine(store_url: str) -> Iterator[sa.Engine]:
    """Connect to a store without rows."""
    made = connect(store_url)
    yield made
    made.dispose()


@pytest.fixture
def desk(engine: sa.Engine) -> Desk:
    """Watch every repository, with one secret and without a spool."""
    return desk_for(engine)


def desk_for(engine: sa.Engine, spool: Spool | None = None) -> Desk:
    """Return a desk as a worker has it, whose breaker does not probe by itself."""
    breaker = Breaker(lambda: probe(engine))
    secrets = (sending.SECRET.encode(),)
    return Desk(engine, Group(engine), secrets, watch(()), breaker, spool)


@pytest.fixture
def public(desk: Desk) -> App:
    """Make the app as a worker does."""
    return App(desk)


@pytest.fixture
def deliver(public: App) -> Deliver:
    """Post a delivery: `deliver("push", body)`, with headers by name to change or leave out."""

    def send(event: str, body: bytes, **others: str | None) -> Told:
        return post(public, body, sending.headers(event, body, **others))

    return send


@pytest.fixture
def rewatch(public: App, desk: Desk) -> Callable[..., None]:
    """Watch other repositories from now on: `rewatch("org/repo")`."""

    def change(*patterns: str) -> None:
        public.desk = desk._replace(watch=watch(patterns))

    return change
