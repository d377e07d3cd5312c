"""`--reasons`: what is read again, what stays, and where it goes on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from backfill.command import reasons
from fakegithub.api.access import ALL, Token
from fakegithub.server import TOKEN, Server
from rows.fingerprint import fingerprints_of
from schema.tables.failures import failures
from schema.tables.reconciler import marks
from tests.backfill.conftest import Command
from tests.backfill.failing import CODE, LATER, USUAL, annotation, failed_world
from tests.backfill.filling import deliver, deliveries_of, served
from tests.fakegithub.samples import app_of

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)

OLD = "thing: it is broken"
Serving = Callable[..., Any]


@pytest.fixture
def serving(engine: sa.Engine, store_url: str, monkeypatch: pytest.MonkeyPatch) -> Serving:
    """Serve a world whose jobs failed, each stored with an old message by default."""

    @contextmanager
    def serve(*names: str, is_read: bool = True, **options: Any) -> Iterator[tuple[Server, list]]:
        world, jobs = failed_world(*names)
        deliver(engine, world, app_of(world), deliveries_of(world, app_of(world)))
        after = datetime.fromtimestamp(world.now, UTC).replace(tzinfo=None) + LATER
        monkeypatch.setattr(reasons, "now", lambda: after)
        monkeypatch.setattr("backfill.cli.now", lambda: after)
        if is_read:
            store(engine, jobs)
        with served(world, store_url, **options) as github:
            yield github, jobs

    return serve


def store(engine: sa.Engine, jobs: list[int]) -> None:
    """Store what an older revision of the rules said of jobs."""
    usual = {"provider": "github", "number": 1, "repoid": 1, "source": "log", "message": OLD}
    usual |= {"kind": "cause", **fingerprints_of(OLD)._asdict()}
    with engine.begin() as connection:
        connection.execute(sa.insert(failures), [{**usual, "jobgitid": job} for job in jobs])


def rows(engine: sa.Engine, *names: str) -> list[tuple]:
    """Return columns of what is kept, by job and number."""
    columns = [failures.c[name] for name in names]
    with engine.connect() as connection:
        query = sa.select(*columns).order_by(failures.c.jobgitid, failures.c.number)
        return [tuple(row) for row in connection.execute(query)]


def logs_asked(github: Server) -> list[str]:
    """Return which jobs' logs were asked for, in order."""
    return [one.path.split("/")[-2] for one in github.requests if one.path.endswith("/logs")]


def test_message_of_older_rules_is_read_again(engine, command: Command, serving: Serving):
    with serving("a", "b"):
        done = command("-r", "octo-org/app", "--reasons")
        assert done.code == 0, done.err
        assert done.out.startswith("2 failed jobs were asked for; 2 say something new\n")
        assert rows(engine, "job", "message") == [
            ("a", USUAL.format("a")),
            ("b", USUAL.format("b")),
        ]
        again = command("--reasons")
        assert again.code == 0
        assert again.out.startswith("2 failed jobs were asked for; 2 say the same\n")


def test_job_that_was_never_read_is_read(engine, command: Command, serving: Serving):
    with serving("a", is_read=False):
        assert command("-r", "octo-org/app", "--reasons", "--since", "30d").code == 0
    assert rows(engine, "job", "message") == [("a", USUAL.format("a"))]


@pytest.mark.parametrize("is_coded", [False, True])
def test_message_stays_where_the_log_is_gone(
    engine, command: Command, serving: Serving, is_coded: bool
):
    with serving("a", "b") as (github, (gone, kept)):
        github.lost_logs[gone] = 410
        github.annotations[gone] = [annotation(CODE)] if is_coded else []
        done = command("-r", "octo-org/app", "--reasons")
        assert done.code == 0
    assert "1 says something new; 1 keeps what was read before" in done.out
    assert rows(engine, "jobgitid", "message") == [(gone, OLD), (kept, USUAL.format("b"))]


def test_log_that_says_nothing_any_more_takes_no_message_away(
    engine, command: Command, serving: Serving
):
    with serving("a") as (github, (job,)):
        github.annotations[job] = []
        github.logs[job] = "##[group]Run make\n##[endgroup]\n"
        assert command("-r", "octo-org/app", "--reasons").code == 0
    assert rows(engine, "message") == [(OLD,)]


def test_job_without_a_message_is_told_of(engine, command: Command, serving: Serving):
    with serving("a", is_read=False) as (github, (job,)):
        github.annotations[job] = []
        github.lost_logs[job] = 404
        done = command("-r", "octo-org/app", "--reasons")
    assert done.out.startswith("1 failed job was asked for; 1 has no message\n")
    assert rows(engine, "source", "absence", "message") == [("none", "gone", None)]


def test_jobs_before_since_are_left_alone(engine, command: Command, serving: Serving):
    with serving("a") as (github, _):
        done = command("-r", "octo-org/app", "--reasons", "--since", "1m")
        assert (done.code, logs_asked(github)) == (0, [])
    assert rows(engine, "message") == [(OLD,)]


def test_other_repositories_are_left_alone(engine, command: Command, serving: Serving):
    with serving("a") as (github, _):
        done = command("-r", "octo-org/other", "--reasons")
        assert (done.code, logs_asked(github)) == (1, [])
    assert "octo-org/other: not found" in done.err
    assert rows(engine, "message") == [(OLD,)]


def test_stopped_by_max_requests_it_goes_on_where_it_was(
    engine, command: Command, serving: Serving
):
    words = ("-r", "octo-org/app", "--reasons", "--max-requests", "7")
    with serving(*"abcdefg") as (github, jobs):
        codes = list[int]()
        while not codes or codes[-1] == 3:
            codes.append(command(*words).code)
            assert len(codes) < 10
        assert codes[-1] == 0
        assert len(codes) > 2
        # Of the job that it was stopped at alone anything is asked twice.
        asked = logs_asked(github)
        assert [int(job) for job in dict.fromkeys(asked)] == jobs[::-1]
        assert len(asked) < len(jobs) + len(codes)
    assert {message for (message,) in rows(engine, "message")} == {
        USUAL.format(name) for name in "abcdefg"
    }
    with engine.connect() as connection:
        told = connection.scalars(sa.select(marks.c.value).where(marks.c.name == "reasons"))
        assert list(told) == [None]


def test_another_request_begins_anew(engine, command: Command, serving: Serving):
    with serving("a", "b", "c"):
        assert command("-r", "octo-org/app", "--reasons", "--max-requests", "5").code == 3
        done = command("-r", "octo-org/app", "--reasons", "--since", "20d")
    assert "going on" not in done.err
    assert done.out.startswith("3 failed jobs were asked for; ")


def test_job_that_cannot_be_read_is_named_and_the_others_go_on(
    engine, command: Command, serving: Serving
):
    with serving("a", "b", "c") as (github, jobs):
        github.lost_logs[jobs[1]] = 500
        done = command("-r", "octo-org/app", "--reasons")
        assert done.code == 1
        assert f"octo-org/app: job {jobs[1]}: log and annotations: GitHub answers 500" in done.err
        assert done.out.startswith(
            "3 failed jobs were asked for; 2 say something new; 1 could not be read\n"
        )
        assert [message for (message,) in rows(engine, "message")] == [
            USUAL.format("a"),
            OLD,
            USUAL.format("c"),
        ]
        github.lost_logs.clear()
        assert command("-r", "octo-org/app", "--reasons").code == 0  # at once: a person asks
    assert rows(engine, "message")[1] == (USUAL.format("b"),)


def test_key_that_may_not_read_logs_is_told_once(engine, command: Command, serving: Serving):
    tokens = {TOKEN: Token(permissions=ALL - {"actions"})}
    with serving(*"abcdef", tokens=tokens) as (github, _):
        done = command("-r", "octo-org/app", "--reasons")
        assert len(logs_asked(github)) == 3
    assert done.code == 1
    assert "octo-org/app: reasons of failed jobs: the key lacks a permission" in done.err
    assert rows(engine, "message") == [(OLD,)] * 6


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--since", "2999-01-01"), "--since: '2999-01-01' is in the future"),
        (("--since", "yesterday"), "--since: 'yesterday' is not a date like 2026-01-31, "),
        (("--max-requests", "0"), "--max-requests: '0' is not a number of at least 1"),
        (("--max_runs", "3"), "--max_runs: has no effect with --reasons"),
        (("--replay",), "--replay: has no effect with --reasons"),
        (("--dry-run",), "--dry-run: has no effect with --reasons"),
        (("--forget", "a/b"), "--forget: has no effect with --reasons"),
        (("--json",), "--json: has no effect with --reasons"),
        (("--audit",), "--reasons: has no effect with --audit"),
        (("--event", "push"), "--event: has no effect with --reasons"),
    ],
)
def test_flag_that_means_nothing_here_is_named(
    engine, command: Command, words: tuple[str, ...], error: str
):
    done = command("-r", "octo-org/app", "-k", "k", "--reasons", *words)
    assert done.code == 2
    assert done.err.startswith(f"local-database.py: {error}")


def test_without_a_key_nothing_is_asked(engine, command: Command):
    done = command("-r", "octo-org/app", "--reasons")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "local-database.py: GITHUB_TOKEN: logs are read with a key only: -k, or one in a file\n"
    )


def test_without_a_database_there_is_nothing_to_read(
    engine, command: Command, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("DATABASE_URL", "sqlite:///none.db")
    done = command("-r", "octo-org/app", "-k", "k", "--reasons")
    assert done.code == 2
    assert "no failed job to read of" in done.err
