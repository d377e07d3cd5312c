"""Pages, commands and logs say what people say: words that nobody understood came back nowhere."""

import ast
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from dashboard.static_export import crawl
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of
from tests.own_code import ROOT, parse, room_files

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

PLAINER = {
    "No delivery kept": "no webhook received yet",
    "to be counted anew": "statistics pending",
    "deliveries that made it": "webhook deliveries of this run",
    "cannot be trusted": "flaky",
    "their failures took": "wasted job time",
    "ended: any way": "result: any",
    "9 of 10": "p90",
    "99 of 100": "p99",
    "times run backwards": "with inconsistent timestamps",
    "night to (mon|tue|wed|thu|fri|sat|sun|[0-9]|{)": "night of 27-28 Nov",
    "to last night": "home",
    "this filter cannot be used": "no repository matches",
    "first time in these nights": "first failure in 30 nights",
    "do not bring is not looked for": "healing is off",
    "the database takes nothing": "cannot write to the database",
    "the database takes deliveries": "writing to the database again",
    "spool is not written back": "deliveries wait in the spool",
    "roll-ups wait to be made": "statistics pending",
    "rows wait for their upkeep": "older rows are brought up to date",
    "stay for others": "kept in reserve",
    "as many as the server allows": "no rate limit told",
    "belongs? to no (flag|option)": "unknown option",
    "is held by": "runs it now",
}
"""What was said, and what is said instead."""
SAID = re.compile("|".join(PLAINER), re.IGNORECASE)
HALF = re.compile(r"<t[hd][^>]*>half</t|>half<|>Look<", re.IGNORECASE)


def source_texts() -> Iterator[tuple[str, str]]:
    """Yield the texts that pages, commands and logs are made of, and where they stand."""
    for file in room_files():
        tree = parse(file)
        notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if is_text and id(node) not in notes and file.parts[:2] != ("schema", "tables"):
                yield f"{file}:{node.lineno}", node.value
    for file in (ROOT / "dashboard/templates").glob("*.html"):
        yield file.name, file.read_text("utf-8")


@pytest.mark.usefixtures("engine_name")
def test_no_text_of_ours_has_a_word_that_was_not_understood():
    texts = list(source_texts())
    assert len(texts) > 1000
    assert [(place, found[0]) for place, text in texts if (found := SAID.search(text))] == []


def test_no_page_has_a_word_that_was_not_understood(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    for days in range(2):
        created = NOW - timedelta(days=days, hours=7)
        run = stored.failed(engine, repoid, created)
        stored.job(engine, repoid, run, created, clockanomaly=True, queuetime=None)
        stored.delivery(engine, created, "quarantined", error="id is no number")
    files, _ = crawl(client.application, 120)
    pages = {url: file.data.decode() for url, file in files.items() if file.is_page}
    pages |= {path: text_of(client, path) for path in ("/deliveries", "/feeds", "/packages")}
    assert len(pages) > 60
    spoken = re.compile(f"{SAID.pattern}|{HALF.pattern}", re.IGNORECASE)
    assert [(url, found[0]) for url, page in pages.items() if (found := spoken.search(page))] == []
    assert "inconsistent timestamps" in "".join(pages.values())
    for path in ("/time", "/pools", "/job?repo=octo-org/app&workflow=Nightly&job=test"):
        assert {"median", "p90"} <= set(re.findall("median|p90", text_of(client, path).lower())), (
            path
        )
    assert "p99" in text_of(client, "/time")
