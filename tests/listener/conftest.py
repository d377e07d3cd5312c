"""The listener's app over a real store, and a sender for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from listener.app import create_app
from listener.breaker import Breaker
from listener.desk import Desk
from listener.group import Group
from listener.watch import watch
from store.engine import connect
from store.probe import probe
from store.spool import Spool
from tests.listener import sending

DOWN = "mysql+pymysql://root:hunter22@127.0.0.1:1/runs"  # nobody listens on port 1

Deliver = Callable[..., TestResponse]


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
def app(desk: Desk) -> Flask:
    """Make the app as a worker does."""
    return create_app(desk)


@pytest.fixture
def deliver(app: Flask) -> Deliver:
    """Post a delivery: `deliver("push", body)`, with headers by name to change or leave out."""
    client: FlaskClient = app.test_client()

    def post(event: str, body: bytes, **others: str | None) -> TestResponse:
        return client.post("/webhook", data=body, headers=sending.headers(event, body, **others))

    return post


@pytest.fixture
def rewatch(app: Flask, desk: Desk) -> Callable[..., None]:
    """Watch other repositories from now on: `rewatch("org/repo")`."""

    def change(*patterns: str) -> None:
        app.extensions["desk"] = desk._replace(watch=watch(patterns))

    return change
