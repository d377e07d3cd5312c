"""What the first visitor would wait for is read when the pages start, if it can be."""

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, request

from dashboard import warm_up
from dashboard.pages import error_list
from schema import migrate
from store.reads.connection import StatementTimeout
from store.rollups.spans import RollupPlan
from tests.dashboard import stored
from tests.dashboard.browsing import UTC_NOON
from tests.dashboard.conftest import NOW, MakeClient, text_of
from tests.store.rollups.making import make_all

PASSWORD = {"DASHBOARD_PASSWORD": "a password of pages"}


def test_first_page_of_a_visitor_reads_no_roll_up_that_was_read_at_the_start(
    store_url: str, engine: sa.Engine, make_client: MakeClient
):
    repoid = stored.repo(engine)
    for back in range(5):
        stored.run(engine, repoid, NOW - timedelta(days=back))
    make_all(engine, RollupPlan(UTC_NOON), NOW)
    client, told = make_client(store_url), list[str]()
    warm_up.start(client.application).join(30)

    def note(_: object, __: object, statement: str, *___: object) -> None:
        told.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        assert "octo-org/app" in text_of(client, "/")
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert [text for text in told if "rollspans" in text]
    assert not [text for text in told if "FROM rollnights" in text]


def test_pages_are_made_ahead_behind_their_password_and_shown_to_nobody(
    store_url: str, engine: sa.Engine, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
):
    stored.repo(engine)
    made, make_page = list[str](), warm_up.make_page

    def make(app: Flask, path: str) -> bool:
        made.append(path)
        # Time does not suffice once.
        return make_page(app, path) and (path != "/time" or made.count(path) == 2)

    monkeypatch.setattr(warm_up, "make_page", make)
    client = make_client(store_url, **PASSWORD)
    warm_up.work(client.application)
    assert made == ["/", "/time", "/time", *warm_up.PATHS[2:]]
    text_of(client, "/", 401)


def test_store_that_is_made_later_is_read_then(
    make_client: MakeClient,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(warm_up, "PAUSES", (0.05, 0.05))
    url, made, make_page = f"sqlite:///{tmp_path / 'later.db'}", list[str](), warm_up.make_page

    def make(app: Flask, path: str) -> bool:
        is_made = make_page(app, path)  # raises until it can be
        made.append(path)
        return is_made

    monkeypatch.setattr(warm_up, "make_page", make)
    thread = warm_up.start(make_client(url).application)
    thread.join(0.5)
    assert thread.is_alive()
    assert made == []
    later = sa.create_engine(url)
    migrate.upgrade(later)
    later.dispose()
    thread.join(30)
    assert not thread.is_alive()
    assert made == list(warm_up.PATHS)
    told = "pages are made ahead once they can be: There is no store yet."
    assert caplog.text.count(told) == 1


def test_database_that_is_away_is_asked_again_and_told_once(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(warm_up, "PAUSES", (0.01, 0.01))
    asked, make_page = list[str](), warm_up.make_page

    def make(app: Flask, path: str) -> bool:
        asked.append(path)
        return len(asked) > 3 or make_page(app, path)  # then it is back

    monkeypatch.setattr(warm_up, "make_page", make)
    warm_up.work(make_client("mysql+pymysql://root@127.0.0.1:9/none").application)
    assert asked == ["/", "/", "/", *warm_up.PATHS]
    assert caplog.text.count("pages are made ahead once they can be:") == 1
    assert "Traceback" not in caplog.text


def test_errors_that_took_too_long_are_asked_for_again(
    store_url: str,
    engine: sa.Engine,
    make_client: MakeClient,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
):
    stored.repo(engine)
    asked, ranked = list[str](), error_list.RankedErrors

    def rank(*given: Any) -> Any:
        asked.append(request.query_string.decode())
        if len(asked) == 2:
            raise StatementTimeout
        return ranked(*given)

    monkeypatch.setattr(error_list, "RankedErrors", rank)
    warm_up.work(make_client(store_url).application)
    assert asked == ["", "branch=main", "branch=main"]
    assert "Traceback" not in caplog.text
