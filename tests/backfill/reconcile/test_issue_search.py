"""Issues that carry an error's fingerprint, as a cycle finds them."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from backfill.http import client, rate_limit
from backfill.reconcile import issue_search, loop
from backfill.reconcile.__main__ import main
from fakegithub.server import serve
from rows.fingerprint import fingerprints_of
from schema.tables.ci import repos
from schema.tables.failures import failures
from store.state.error_issues import ErrorIssue, list_issues
from tests.backfill.test_complete import on_sqlite
from tests.fakegithub.samples import NOON, small_world

FAST = 100
NOW = NOON.replace(tzinfo=None)
PRINT = fingerprints_of("no broker").fingerprint


@pytest.fixture
def github(engine, monkeypatch):
    """Serve a small world whose repository has an issue about an error of a failed job."""
    monkeypatch.setattr(rate_limit, "MINUTE", 60 / FAST)
    monkeypatch.setattr(client, "SECOND", 1 / FAST)
    monkeypatch.setattr(loop, "now", lambda: NOW)
    with serve(small_world(runs=2)) as served:
        monkeypatch.setenv("GITHUB_API_URL", served.url)
        monkeypatch.setenv("GITHUB_TOKEN", served.token)
        monkeypatch.setenv("REPOS", "octo-org/app")
        main(["--once"])
        served.issues.append(
            {"repo": "octo-org/app", "title": "No broker", "body": f"Fingerprint: `{PRINT}`"}
        )
        fail(engine, "no broker", 7)
        yield served


def fail(engine: sa.Engine, message: str, jobgitid: int, kind: str = "cause") -> None:
    """Store what a failed job says."""
    with engine.begin() as connection:
        repoid = connection.scalars(sa.select(repos.c.Id)).first()
        row = {"provider": "github", "number": 1, "repoid": repoid, "source": "log", "kind": kind}
        row |= {"jobgitid": jobgitid, "message": message, "time": NOW - timedelta(hours=1)}
        row |= fingerprints_of(message)._asdict()
        connection.execute(sa.insert(failures), row)


def issues_of(engine: sa.Engine) -> list[ErrorIssue]:
    """Return the issues that are known."""
    with engine.connect() as connection:
        return list_issues(connection, PRINT)


def searches(github) -> list[str]:
    """Return what was searched for."""
    return [one.path for one in github.requests if one.path.startswith("/search/")]


def test_issue_that_carries_a_fingerprint_is_found_and_kept(github, engine):
    assert main(["--once"]) == 0
    url = "https://github.com/octo-org/app/issues/1"
    assert issues_of(engine) == [ErrorIssue(1, "No broker", "open", url)]
    assert len(searches(github)) == 1
    main(["--once"])
    assert len(searches(github)) == 1


@on_sqlite
def test_issue_that_carries_a_former_fingerprint_is_found(github, engine):
    github.issues[0]["body"] = "Fingerprint: `1:0f0f0f`"
    with engine.begin() as connection:
        connection.execute(sa.update(failures).values(fingerprint="1:0f0f0f"))
    assert main(["--once"]) == 0
    assert [issue.number for issue in issues_of(engine)] == [1]


@on_sqlite
def test_searches_are_few_and_take_nothing_from_the_hour(github, engine):
    for number in range(8):
        fail(engine, f"{'abcdefgh'[number]} is gone", 20 + number)
    fail(engine, "the end", 40, "end")
    fail(engine, "it failed", 41, "vague")
    assert main(["--once"]) == 0
    assert len(searches(github)) == issue_search.SEARCHES
    main(["--once"])
    assert len(searches(github)) == 9


@on_sqlite
def test_search_that_is_refused_ends_no_cycle(github, engine):
    github.change = lambda path, answer: (
        answer._replace(status=422) if path.startswith("/search/") else answer
    )
    assert main(["--once"]) == 0
    assert issues_of(engine) == []
