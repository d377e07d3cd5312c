"""A job's log over real HTTP: its end, and what is recorded where there is none."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from backfill.github import job_logs
from backfill.records import ReasonsRead
from fakegithub.server import TOKEN
from tests.backfill.failing import CODE, USUAL, Staged, staging
from tests.fakegithub.samples import app_of

on_sqlite = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

WHOLE = "##[group]Run make\n##[endgroup]\nsrc/a.c:3:5: error: no semicolon\n"


@pytest.fixture
def staged(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> Staged:
    return staging(engine, monkeypatch)


@on_sqlite
def test_token_stays_with_the_api(staged: Staged, engine_name: str):
    with staged("build") as stage:
        stage.read()
        ((path, headers),) = stage.github.blob_requests
    assert path == f"/logs/{stage.jobs[0]}.txt?sig=one-minute"
    assert TOKEN not in str(headers)
    assert "Authorization" not in headers


@on_sqlite
@pytest.mark.parametrize("status", [404, 410])
def test_log_that_is_gone_is_recorded_as_gone(staged: Staged, engine_name: str, status: int):
    with staged("build", "test") as stage:
        build, test = stage.jobs
        stage.github.lost_logs |= {build: status, test: status}
        stage.github.annotations[build] = []
        assert stage.read() == ReasonsRead(jobs=2, absent=1, left=0, requests=5)
        assert stage.read() == ReasonsRead()
    assert stage.rows("job", "source", "absence", "message") == [
        ("build", "none", "gone", None),
        ("test", "annotation", "gone", CODE),
    ]


@on_sqlite
def test_log_that_is_gone_at_its_host_is_recorded_as_gone(staged: Staged, engine_name: str):
    with staged("build") as stage:
        stage.github.annotations[stage.jobs[0]] = []
        stage.github.blobs_as.failures.append(404)
        assert stage.read().absent == 1
    assert stage.rows("source", "absence") == [("none", "gone")]


@on_sqlite
def test_log_that_says_nothing_is_recorded_as_silent(staged: Staged, engine_name: str):
    with staged("build") as stage:
        stage.github.annotations[stage.jobs[0]] = []
        stage.github.logs[stage.jobs[0]] = "all is well\n"
        assert stage.read() == ReasonsRead(jobs=1, absent=1, left=0, requests=2)
    assert stage.rows("source", "absence") == [("none", "silent")]


@on_sqlite
@pytest.mark.parametrize("lengths", [True, False])
def test_end_of_a_long_log_is_read(
    staged: Staged, engine_name: str, monkeypatch: pytest.MonkeyPatch, lengths: bool
):
    monkeypatch.setattr(job_logs, "KEPT", 100_000)
    with staged("build") as stage:
        stage.github.blobs_as.lengths = lengths
        stage.github.logs[stage.jobs[0]] = "error: long ago\n" + "line\n" * 100_000 + WHOLE
        stage.read()
    assert stage.rows("source", "message") == [("log", "src/a.c:3:5: error: no semicolon")]


@on_sqlite
@pytest.mark.parametrize(
    ("ranges", "lengths", "kept"),
    [(False, True, 100_000), (True, False, 100_000), (True, True, 100_000)],
    ids=["no part is given", "no end in sight", "the end says nothing"],
)
def test_log_that_is_too_long_to_say_anything_is_recorded_as_huge(
    staged: Staged,
    engine_name: str,
    monkeypatch: pytest.MonkeyPatch,
    ranges: bool,
    lengths: bool,
    kept: int,
):
    monkeypatch.setattr(job_logs, "KEPT", kept)
    monkeypatch.setattr(job_logs, "MOST", 3 * kept)
    with staged("build") as stage:
        stage.github.blobs_as.ranges, stage.github.blobs_as.lengths = ranges, lengths
        stage.github.annotations[stage.jobs[0]] = []
        stage.github.logs[stage.jobs[0]] = "error: long ago\n" + "line\n" * 200_000
        assert stage.read().absent == 1
    assert stage.rows("source", "absence") == [("none", "huge")]


@on_sqlite
@pytest.mark.parametrize("failure", [0, 403, 503])
def test_link_that_fails_is_asked_for_again(staged: Staged, engine_name: str, failure: int):
    with staged("build") as stage:
        stage.github.blobs_as.failures.append(failure)
        assert stage.read() == ReasonsRead(jobs=1, absent=0, left=0, requests=3)
    assert stage.rows("message") == [(USUAL.format("build"),)]
    assert stage.troubles == []


@on_sqlite
def test_link_to_an_unsafe_host_is_not_followed(
    staged: Staged, engine_name: str, monkeypatch: pytest.MonkeyPatch
):
    with staged("build") as stage:
        monkeypatch.setattr(stage.github, "blobs", "http://logs.example.org")
        assert stage.read().left == 1
    assert "GitHub's answer leads to http://logs.example.org: not followed" in stage.troubles[0]


@on_sqlite
def test_renamed_repository_is_followed_to_its_logs(staged: Staged, engine_name: str):
    with staged("build") as stage:
        stage.world.rename(app_of(stage.world), "renamed", after=5)
        assert stage.read().jobs == 1
    assert stage.rows("source", "message") == [("log", USUAL.format("build"))]


@on_sqlite
def test_log_that_is_not_there_yet_is_asked_for_again(staged: Staged, engine_name: str):
    with staged("build") as stage:
        stage.github.lost_logs[stage.jobs[0]] = 404
        assert stage.read(after=timedelta(minutes=1)) == ReasonsRead()
        assert stage.read(after=timedelta(minutes=30)) == ReasonsRead(left=1, requests=2)
        stage.github.lost_logs.clear()
        assert stage.read(after=timedelta(minutes=31)).jobs == 1
    assert stage.rows("source", "message") == [("log", USUAL.format("build"))]
