"""Jobs whose log or annotations fail for ever: each is named and paused, the others are read."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from backfill.github import failure_reasons
from backfill.pipeline import due_items
from fakegithub.api.answers import Answer
from fakegithub.api.faults import Faults
from schema.tables.audits import health
from schema.tables.failures import failures
from tests.backfill.failing import USUAL, Stage, Staged, annotation, failed_world, later, staging
from tests.backfill.filling import deliver, deliveries_of
from tests.fakegithub.samples import app_of
from tests.healing.installation import asked, installed, stored

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

NAMES = ("a", "b", "c", "d", "e", "f", "g")
"""Of which the latest five fail: they come first."""
API = ("500", "502", "timeout", "reset")


@pytest.fixture
def staged(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Staged:
    return staging(engine, monkeypatch)


def check_others_are_read(stage: Stage, why: str) -> None:
    """Check that the odd jobs are named and left alone, and the others' reasons are stored."""
    assert stage.read().jobs == 2
    assert stage.rows("job", "message") == [(name, USUAL.format(name)) for name in NAMES[:2]]
    assert [one.partition(" and annotations: ") for one in stage.troubles] == [
        (f"job {job}: log", " and annotations: ", f"{why}; left due") for job in stage.jobs[2:]
    ]
    assert stage.read().requests == 0


def check_all_are_read_later(stage: Stage) -> None:
    """Check that the odd jobs are read once their pause is over, and named no more."""
    later(stage, hours=7)
    assert stage.read().jobs == 5
    assert stage.rows("job") == [(name,) for name in NAMES]
    assert stage.troubles == []


REASONS = {
    "500": "GitHub answers 500",
    "502": "GitHub answers 502",
    "timeout": "GitHub answers 502",
    "reset": "the connection to GitHub broke off",
    "truncated": "the connection to GitHub broke off",
}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        *(("actions/jobs/{}/logs", kind) for kind in API),
        *(("check-runs/{}/annotations", kind) for kind in (*API, "truncated")),
    ],
)
def test_jobs_that_the_api_fails_for_ever_hold_up_no_other(staged: Staged, path: str, kind: str):
    faults = Faults(pause=0.01)
    with staged(*NAMES, faults=faults) as stage:
        faults.lasting = [(path.format(job), kind) for job in stage.jobs[2:]]
        check_others_are_read(stage, REASONS[kind])
        faults.lasting.clear()
        check_all_are_read_later(stage)


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (503, "the host of the logs answers 503"),
        (403, "the host of the logs answers 403"),
        (0, "the host of the logs fails (ConnectionError)"),
        ("cut", "the host of the logs fails (ProtocolError)"),
        ("page", "the host of the logs answers with a page in a log's place"),
        ("link", "the host of the logs fails (ValueError)"),
    ],
)
def test_logs_that_their_host_fails_for_ever_hold_up_no_other(
    staged: Staged, kind: int | str, why: str
):
    with staged(*NAMES) as stage:
        stage.github.blobs_as.lasting = dict.fromkeys(stage.jobs[2:], kind)
        check_others_are_read(stage, why)
        stage.github.blobs_as.lasting.clear()
        check_all_are_read_later(stage)


@pytest.mark.parametrize(
    ("part", "answer", "why"),
    [
        (
            "/annotations",
            Answer(200, "<html></html>"),
            "GitHub's answer is no JSON (check the API's address, and proxies)",
        ),
        ("/annotations", Answer(200, {"a": 1}), "a list cannot be read: it is no list"),
        (
            "/logs",
            Answer(200, "<html></html>"),
            "GitHub's answer is no JSON (check the API's address, and proxies)",
        ),
        ("/logs", Answer(200, {"a": 1}), "GitHub's answer leads nowhere"),
        ("/logs", Answer(302, "", {"Location": "http://[x"}), REASONS["reset"]),
        ("/logs", Answer(451, "{}"), "GitHub withholds it for legal reasons"),
    ],
)
def test_answers_of_another_kind_hold_up_no_other(
    staged: Staged, part: str, answer: Answer, why: str
):
    with staged(*NAMES) as stage:
        odd = {f"/{job}{part}" for job in stage.jobs[2:]}
        stage.github.change = lambda path, usual: (
            answer if any(one in path for one in odd) else usual
        )
        check_others_are_read(stage, why)
        odd.clear()
        check_all_are_read_later(stage)


def test_annotation_that_is_no_object_is_told_and_the_others_count(staged: Staged):
    with staged("build") as stage:
        (job,) = stage.jobs
        stage.github.annotations[job] = [None, annotation("It broke", title=3)]
        assert stage.read().jobs == 1
        assert stage.said == [
            f"octo-org/app: job {job}: annotation: wants an object",
            f"octo-org/app: job {job}: annotation.title: wants text, got 3",
        ]
    assert stage.rows("source", "message") == [("annotation", "It broke")]


def test_more_failing_jobs_than_a_call_may_ask_for_starve_no_older_one(staged: Staged):
    with staged("old", *(f"job{number}" for number in range(12))) as stage:
        stage.github.blobs_as.lasting = dict.fromkeys(stage.jobs[1:], 503)
        for _ in range(12):
            stage.read(requests=8)
        assert stage.rows("job") == [("old",)]


def test_jobs_that_take_too_long_are_left_and_the_next_call_goes_on(
    staged: Staged, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(failure_reasons, "PATIENCE", 0.0)
    with staged("a", "b", "c") as stage:
        stage.github.blobs_as.lasting = dict.fromkeys(stage.jobs[1:], 0)
        assert [stage.read().jobs for _ in range(3)] == [0, 0, 1]
        assert stage.rows("job") == [("a",)]


def test_server_that_is_away_is_not_asked_for_every_job(staged: Staged):
    faults = Faults(lasting=[(r"annotations|octo-org/app$", "502")])
    with staged(*(f"job{number}" for number in range(40)), faults=faults) as stage:
        assert stage.read(requests=1000).jobs == 0
        jobs = {one.path for one in stage.github.requests if "annotations" in one.path}
        assert len(jobs) == 16
        assert stage.said == ["octo-org/app: reasons of failed jobs: GitHub answers 502"]


def test_reconciler_names_failing_jobs_and_reads_the_others(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
):
    world, jobs = failed_world(*NAMES)
    world.push(app_of(world), "Later", after=7200)
    deliver(engine, world, app_of(world), deliveries_of(world, app_of(world)))
    faults = Faults(lasting=[(f"jobs/{jobs[2]}/logs|check-runs/{jobs[3]}/", "502")], pause=0.01)
    with installed(world, engine, faults=faults) as here:
        here.github.blobs_as.lasting = {jobs[4]: "page", jobs[5]: "cut", jobs[6]: 503}
        troubles = here.heal().troubles
        assert [one.split(":")[1].strip() for one in troubles] == [f"job {job}" for job in jobs[2:]]
        assert set(stored(engine, failures.c.job)) == set(NAMES[:2])
        (detail,) = stored_unread(engine)
        assert f"job {jobs[2]}: log and annotations: GitHub answers 502; left due" in detail
        assert detail.endswith("; and 2 more")
        since = len(here.github.requests)
        assert here.heal().troubles == troubles
        assert asked(here, "/logs", since) == asked(here, "/annotations", since) == []
        faults.lasting.clear()
        here.github.blobs_as.lasting.clear()
        now = datetime.now() + timedelta(hours=7)
        monkeypatch.setattr(due_items, "clock", lambda: now)
        assert here.heal().troubles == ()
        assert set(stored(engine, failures.c.job)) == set(NAMES)
        assert stored_unread(engine) == []


def stored_unread(engine: sa.Engine) -> list[str]:
    """Return what health says of what cannot be read."""
    query = sa.select(health.c.detail).where(health.c.name == "unread", health.c.state != "good")
    with engine.connect() as connection:
        return list(connection.scalars(query))
