"""`python -m backfill.reconcile.__main__`: one cycle by hand, its exit codes, and what it says."""

import io

import pytest
import sqlalchemy as sa

from backfill.http import client, rate_limit
from backfill.reconcile import loop
from backfill.reconcile.__main__ import main
from backfill.reconcile.cycle import CycleOutcome
from backfill.reconcile.lease import lease_name
from backfill.reconcile.loop import pause_after
from backfill.reconcile.reporter import CycleReporter
from config.settings import read
from engines.lease import Lease, take
from fakegithub.api.access import Token
from fakegithub.server import serve
from rows.fingerprint import fingerprints_of
from schema.tables.audits import health
from schema.tables.ci import workflowruns
from schema.tables.failures import failures
from schema.tables.reconciler import leases
from tests.backfill.test_complete import on_sqlite
from tests.fakegithub.samples import NOON, small_world
from tests.log_stream import logged_to

FAST = 100


@pytest.fixture
def github(engine, monkeypatch):
    """Serve a small world to the command, whose clock is faster."""
    monkeypatch.setattr(rate_limit, "MINUTE", 60 / FAST)
    monkeypatch.setattr(client, "SECOND", 1 / FAST)
    with serve(small_world(runs=2)) as served:
        monkeypatch.setenv("GITHUB_API_URL", served.url)
        monkeypatch.setenv("GITHUB_TOKEN", served.token)
        monkeypatch.setenv("REPOS", "octo-org/app")
        yield served


@on_sqlite
def test_one_cycle_stores_what_is_missing_and_ends_with_0(github, engine, monkeypatch):
    monkeypatch.setattr(loop, "now", lambda: NOON.replace(tzinfo=None))
    assert main(["--once"]) == 0
    with engine.connect() as connection:
        found = connection.execute(sa.select(sa.func.count()).select_from(workflowruns))
        assert found.scalar_one() == 2


@on_sqlite
def test_cycle_masks_older_messages_again(github, engine):
    row = {"provider": "github", "jobgitid": 1, "number": 1, "repoid": 1, "source": "log"}
    with engine.begin() as connection:
        connection.execute(sa.insert(failures).values(**row, message="got 3", fingerprint="1:a"))
    main(["--once"])
    with engine.connect() as connection:
        query = sa.select(failures.c.masked, failures.c.fingerprint, failures.c.problem)
        assert connection.execute(query).one() == tuple(fingerprints_of("got 3"))


@on_sqlite
def test_without_a_key_it_ends_with_2(engine, capsys):
    assert main(["--once"]) == 2
    assert capsys.readouterr().err == (
        "reconcile: GITHUB_TOKEN: a key is needed: -k, GITHUB_TOKEN or GITHUB_TOKEN_FILE\n"
    )


@on_sqlite
def test_key_that_is_revoked_is_told_and_kept_for_pages(github, engine, capsys):
    github.tokens[github.token] = Token(revoked=True)
    assert main(["--once"]) == 1
    told = capsys.readouterr().err
    assert "GitHub does not accept the key: it is wrong, expired or revoked" in told
    assert github.token not in told
    with engine.connect() as connection:
        assert "bad" in connection.scalars(sa.select(health.c.state)).all()


@on_sqlite
def test_store_that_another_reconciles_is_left_to_it(github, engine, capsys):
    assert take(Lease(engine, leases, lease_name(read({})), "another"), 60)
    assert main(["--once"]) == 1
    assert "another process reconciles this store already" in capsys.readouterr().err
    assert github.requests == []


@on_sqlite
def test_unknown_flag_ends_with_2_and_is_not_repeated(engine, capsys):
    assert main(["--passwort", "hunter22"]) == 2
    assert "hunter22" not in capsys.readouterr().err


def outcome(**values) -> CycleOutcome:
    """Return what came of a cycle in which all was well, but for `values`."""
    well = CycleOutcome(changed=0, recovered=0, is_more=False, is_fed=True, troubles=())
    return well._replace(**values)


def test_pauses_double_to_half_an_hour_while_all_is_well():
    pauses, pause = [], 60.0
    for _ in range(6):
        pause = pause_after(outcome(), pause)
        pauses.append(pause)
    assert pauses == [120, 240, 480, 960, 1800, 1800]


@pytest.mark.parametrize("missing", [{"changed": 1}, {"recovered": 1}, {"is_more": True}])
def test_pause_is_a_minute_after_something_was_missing(missing):
    assert pause_after(outcome(**missing), 1800.0) == 60


def test_pause_is_a_minute_where_no_hook_tells_anything():
    assert pause_after(outcome(is_fed=False), 1800.0) == 60


def test_reporter_says_a_thing_once_while_it_lasts_and_never_a_secret():
    stream, reporter = io.StringIO(), CycleReporter()
    with logged_to(stream, ["ghp_secret"]):
        for _ in range(3):
            reporter.begin_cycle()
            reporter.report("octo-org/app: ghp_secret is\nno good")
            reporter.report("octo-org/app: ghp_secret is\nno good")
        reporter.begin_cycle()
        reporter.begin_cycle()
        reporter.report("octo-org/app: ghp_secret is\nno good")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    for line in lines:
        assert line.endswith(r'level=warning msg="reconciler: octo-org/app: *** is\nno good"')


def test_token_that_the_reconciler_was_never_told_is_starred_as_one_that_it_was():
    stream, reporter = io.StringIO(), CycleReporter()
    with logged_to(stream, ["a key of an odd form"]):
        for token in ("ghs_16C7e42F292c6912E7710c838347Ae178B4a", "a key of an odd form"):
            reporter.report(f"octo-org/app: {token} is no good")
    assert stream.getvalue().count('msg="reconciler: octo-org/app: *** is no good"') == 2
