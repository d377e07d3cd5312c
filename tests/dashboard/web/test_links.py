"""A link that a page shows leads somewhere."""

import html
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from fakegithub.world.history import history
from rows.github.events import rows_for
from tests.counts import count
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, PAGES, text_of
from tests.store import production_doors

MOST = count(4, 1000)
LINK = re.compile(r'href="(/[^"#]*)')


def links_of(page: str) -> Iterator[str]:
    """Yield the pages of ours that a page leads to."""
    for link in LINK.findall(page):
        if not link.startswith("/static/"):
            yield html.unescape(link)


def find_dead(client: FlaskClient) -> dict[str, tuple[str, int]]:
    """Follow links from the first pages on, MOST of each kind; return those that lead nowhere, each
    with a page that shows it."""
    shown_on = dict.fromkeys(PAGES, "")
    waiting, dead, asked = [*PAGES], dict[str, tuple[str, int]](), Counter[tuple[str, int]]()
    while waiting:
        path = waiting.pop(0)
        kind = path.partition("?")[0].split("/")[1], path.count("/")
        asked[kind] += 1
        if asked[kind] > MOST:
            continue
        answer = client.get(path)
        if answer.status_code >= 400:
            dead[path] = shown_on[path], answer.status_code
        elif answer.mimetype == "text/html":
            new = [link for link in links_of(answer.text) if link not in shown_on]
            shown_on.update(dict.fromkeys(new, path))
            waiting += dict.fromkeys(new)
    return dead


ONLY = {
    "jobs": lambda one: one.event == "workflow_job",
    "runs": lambda one: one.event == "workflow_run",
    "pushes": lambda one: one.event == "push",
    "all": lambda one: one.event != "ping",
    "all, every other run lost": lambda one: (
        one.event == "workflow_job"
        or (one.event == "workflow_run" and one.payload["workflow_run"]["run_number"] % 2)
    ),
}


@pytest.mark.parametrize("kept", ONLY.values(), ids=ONLY)
def test_every_link_leads_somewhere(
    client: FlaskClient, engine: Engine, kept: Callable[[Any], bool]
):
    told = [one for one in history(runs=12, days=2, seed=3).deliveries() if kept(one)]
    production_doors.write(engine, [rows_for(one.event, one.payload) for one in told])
    assert find_dead(client) == {}


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", [None, ""])
def test_every_link_of_a_job_without_a_name_leads_somewhere(
    client: FlaskClient, engine: Engine, name: str | None
):
    repoid = stored.repo(engine)
    for hours, conclusion in enumerate(("failure", "success")):
        created = NOW - timedelta(hours=hours)
        run = stored.run(engine, repoid, created, workflowgitid=501, conclusion=conclusion)
        stored.job(engine, repoid, run, created, name=name, conclusion=conclusion)
    page = text_of(client, "/workflow?repo=octo-org/app&workflowgitid=501")
    assert '<a href="/workflow?repo=octo-org%2Fapp&amp;workflowgitid=501">(no name)</a>' in page
    assert "history of this job" not in text_of(client, f"/runs/github/{run}")
    for path in ("/flakes", "/figures?by=job", "/slower", "/time"):
        for link in links_of(text_of(client, path)):
            if link.startswith(("/job", "/workflow")):
                assert "Nightly" in text_of(client, link)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_link_of_a_figure_leads_to_what_it_counts(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    for event, flow, branch in (
        ("push", "CI", "main"),
        ("push_hook", "CI all", "maintenance"),
    ):
        own = {"event": event, "workflowname": flow, "branchname": branch}
        run = stored.run(engine, repoid, NOW, title=flow, **own)
        stored.job(engine, repoid, run, NOW, workflowname=flow, branchname=branch)
    for path in ("/figures?by=event", "/time?event=push", "/time?workflow=CI", "/time?branch=main"):
        page = text_of(client, path)
        exact = {link for link in links_of(page) if "%22" in link and "_hook" not in link}
        (link,) = (one for one in exact if "since=" not in one or f"since={NOW.date()}" in one)
        listed = text_of(client, link).partition('class="runs"')[2]
        assert "<b>CI</b>" in listed
        assert "CI all" not in listed
    assert "/runs?since" not in text_of(client, "/time?os=Linux")  # no list is of a system's
