"""Hostile text is shown as text, and no page holds a link or a script that is not ours."""

import re
from datetime import datetime
from html.parser import HTMLParser

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from tests.dashboard import stored
from tests.dashboard.conftest import NOW, PAGES, text_of

HOSTILE = "<img src=x onerror=alert(1)>\"'&"
LAST_NIGHT = datetime(2026, 3, 10, 2)

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def hostile_store(engine: Engine) -> int:
    """Store a run whose every text is hostile; return its repository."""
    repoid = stored.repo(engine, f"octo-org/{HOSTILE}", url="javascript:alert(1)")
    words = {"workflowname": HOSTILE, "branchname": HOSTILE, "url": "javascript:alert(1)"}
    gitid = stored.run(
        engine,
        repoid,
        LAST_NIGHT,
        conclusion="failure",
        title=HOSTILE,
        author=HOSTILE,
        commithash="a" * 40,
        **words,
    )
    steps = '[{"number": 1, "name": "<script>alert(1)</script>", "conclusion": "failure"}]'
    for conclusion in ("failure", "success"):
        stored.job(
            engine,
            repoid,
            gitid,
            LAST_NIGHT,
            conclusion=conclusion,
            name=HOSTILE,
            failedstep=HOSTILE,
            runnername=HOSTILE,
            labels=f'["{HOSTILE}"]',
            commithash="a" * 40,
            steps=steps,
            **words,
        )
    stored.commit(engine, repoid, "a" * 40, LAST_NIGHT, message=HOSTILE, author=HOSTILE)
    stored.delivery(engine, NOW, "quarantined", error=HOSTILE, repo=HOSTILE, action=HOSTILE)
    return repoid


@on_sqlite
def test_hostile_text_is_shown_as_text_on_every_page(client: FlaskClient, engine: Engine):
    repoid = hostile_store(engine)
    gitid = stored.ask(engine, "SELECT gitid FROM workflowruns")[0][0]
    detail = (f"/nights/{repoid}/2026-03-10", f"/runs/github/{gitid}")
    for path in (*PAGES, *detail, f"/runs?branch={HOSTILE.replace('&', '%26')}"):
        page = text_of(client, path)
        assert "&lt;img src=x onerror=alert(1)&gt;" in page, path
        for tag, name, value in attributes(page):
            assert not name.startswith("on"), (path, tag, name)
            assert name != "style", (path, tag)
            if name in ("href", "src", "action"):
                assert value.startswith(("/", "#", "https://")), (path, value)
                assert not value.startswith("//"), (path, value)
        assert [tag for tag, name, _ in attributes(page) if name == "src" and tag == "img"] == [
            "img"
        ], path  # ours, beside the name
        assert page.count("<script") == 1, path


class Attributes(HTMLParser):
    """Collects the attributes of all tags."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a browser would see."""
        self.found += [(tag, name, value or "") for name, value in attrs]


def attributes(page: str) -> list[tuple[str, str, str]]:
    """Return (tag, name, value) of every attribute of a page."""
    parser = Attributes()
    parser.feed(page)
    return parser.found


@on_sqlite
def test_links_that_leave_are_https_only(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine, "octo-org/app", url="http://github.com/octo-org/app")
    stored.run(engine, repoid, LAST_NIGHT, conclusion="failure", url="//evil.example/x")
    page = text_of(client, f"/nights/{repoid}/2026-03-10")
    assert re.findall(r'href="((?:[a-z]+:)?//[^"]*)', page) == []
