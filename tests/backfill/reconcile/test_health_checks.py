"""Freshness looked at on a served world: warnings begin and end, each said once."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from backfill.pipeline.context import Context
from backfill.reconcile import health_checks
from backfill.reconcile.cycle_context import CycleContext, CycleSettings
from backfill.vendors import vendor_of
from fakegithub.api.access import Token
from fakegithub.server import TOKEN, Server
from fakegithub.world.world import World
from schema.tables.audits import health as table
from schema.tables.deliveries import deliveries
from store.deliveries.received import LatestSenders
from store.state import health
from tests.backfill.audit.test_audit import finished
from tests.backfill.filling import served
from tests.backfill.lossy import deliver, desk_of, here_of, naive
from tests.backfill.test_complete import on_sqlite
from tests.fakegithub.samples import app_of, small_world
from tests.store.state.warned import read_warnings

URL = "https://ci.example.org/webhook"
Place = tuple[Context, Server, World]


@pytest.fixture
def place(engine: Engine, store_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Place]:
    """Give a context on a world whose two runs and hook are a day old, and were delivered."""
    world = small_world()
    repo = app_of(world)
    finished(world)
    finished(world)
    with served(world, store_url) as github:
        hook = github.hooks.create(URL, repo_id=repo, events=("*",), content_type="json")
        hook.created_at = hook.updated_at = world.log[0].time
        deliver(engine, world, repo)
        with engine.begin() as connection:
            connection.execute(sa.update(deliveries).values(hookid=hook.id))
        with desk_of(engine, github) as context:
            context.reporter.stream = io.StringIO()
            yield context, github, world


def look(
    place: Place, *patterns: str, after: timedelta = timedelta(minutes=1)
) -> list[health.HealthState]:
    context, _, world = place
    settings = CycleSettings(vendor_of("github"), patterns, retention_days=30)
    senders = LatestSenders({}, set())
    cycle = CycleContext(context, settings, naive(world.now) + after, senders, {})
    return health_checks.check_health(cycle, [here_of(context, world, app_of(world))])


def warnings(place: Place) -> list[tuple[str, str, str]]:
    return [(row.subject, row.name, row.state) for row in read_warnings(place[0].engine)]


def test_installation_that_is_well_has_no_warning(place: Place):
    assert look(place, "octo-org/app") == []
    assert warnings(place) == []


def test_disabled_hook_is_told_once_until_it_is_mended(place: Place):
    place[0].reporter.stream = said = io.StringIO()
    (hook,) = place[1].hooks.hooks.values()
    look(place)
    hook.active = False
    assert [one.name for one in look(place)] == ["hook"]
    assert look(place) == []
    assert warnings(place) == [("octo-org/app", "hook", "bad")]
    hook.active = True
    assert [one.state for one in look(place)] == ["good"]
    assert warnings(place) == []
    lines = [line for line in said.getvalue().splitlines() if "hook" in line]
    assert lines == [
        f"octo-org/app: webhook {hook.id} is disabled",
        "octo-org/app: hook is well again",
    ]


@on_sqlite
def test_hook_that_was_pointed_elsewhere_is_told_of_until_it_delivers_from_there(place: Place):
    context, _, world = place
    (hook,) = place[1].hooks.hooks.values()
    look(place)
    hook.url, hook.updated_at = "https://elsewhere.example.org/webhook", world.now + 10
    look(place)
    (row,) = read_warnings(context.engine)
    assert row.detail == (
        f"webhook {hook.id} points to https://elsewhere.example.org/webhook, "
        "not to https://ci.example.org/webhook"
    )
    with context.engine.begin() as connection:
        connection.execute(sa.update(deliveries).values(receivetime=naive(world.now + 20)))
    look(place)
    assert warnings(place) == []


def test_repository_that_falls_silent_while_runs_go_on_is_told_of(place: Place):
    _, _, world = place
    look(place)
    world.push(app_of(world), "Unheard", after=2 * 86_400)
    assert look(place, after=timedelta(minutes=5)) == []
    assert [one.name for one in look(place, after=timedelta(hours=9))] == ["silence"]
    assert warnings(place) == [("octo-org/app", "silence", "warning")]


def test_ignored_deliveries_of_a_near_name_point_at_the_mistyped_flag(place: Place):
    context = place[0]
    with context.engine.begin() as connection:
        pushes = sa.update(deliveries).where(deliveries.c.event == "push")
        why = "octo-org/dashboard is not watched"
        connection.execute(pushes.values(state="ignored", repo="octo-org/dashboard", error=why))
    look(place, "octo-org/app", "octo-org/dashbord")
    assert warnings(place) == [("octo-org/dashbord", "typo", "warning")]


@on_sqlite
def test_token_about_to_expire_is_told_of(place: Place):
    _, github, world = place
    expires = datetime.fromtimestamp(world.now, UTC) + timedelta(days=3)
    github.tokens[TOKEN] = Token(expires=expires)
    look(place)
    assert warnings(place) == [("", "token", "warning")]


@on_sqlite
def test_hooks_that_may_not_be_seen_say_nothing(place: Place):
    github = place[1]
    github.tokens[TOKEN] = Token(permissions=frozenset({"actions", "contents", "metadata"}))
    (hook,) = github.hooks.hooks.values()
    hook.active = False
    assert look(place) == []


@on_sqlite
def test_key_that_is_refused_is_kept(place: Place):
    health_checks.store_refused_key(place[0].engine, "github", "GitHub does not accept the key")
    assert warnings(place) == [("", "token", "bad")]
    look(place)
    assert warnings(place) == []


@on_sqlite
def test_repository_stays_silent_for_a_month_and_is_polled_from_then_on(place: Place):
    context, _, world = place
    look(place)
    world.push(app_of(world), "Unheard", after=5 * 86_400)
    look(place, after=timedelta(days=1))
    assert warnings(place) == [("octo-org/app", "silence", "warning")]
    look(place, after=timedelta(days=20))
    assert warnings(place) == [("octo-org/app", "silence", "warning")]
    with context.engine.begin() as connection:
        long_ago = naive(world.now) - timedelta(days=31)
        connection.execute(sa.update(table).values(changetime=long_ago))
    look(place)
    assert warnings(place) == []


@on_sqlite
def test_hook_that_is_gone_is_told_of(place: Place):
    look(place)
    place[1].hooks.hooks.clear()
    look(place)
    (row,) = read_warnings(place[0].engine)
    assert (row.name, row.state, row.detail) == (
        "hook",
        "warning",
        "the webhook that delivered is gone",
    )
