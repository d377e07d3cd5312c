"""Faults that only GitHub shows: a reconciler looks, and `--check` says what it saw."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from backfill.http.errors import ApiError
from backfill.reconcile import health_checks
from engines import connect, reading
from fakegithub.api.access import Token
from fakegithub.server import TOKEN
from schema import migrate
from schema.tables.ci import repos
from schema.tables.deliveries import deliveries
from store.state import audits, gone_repositories
from store.state.audits import StoredVerdict
from tests.backfill.audit.test_audit import finished
from tests.backfill.filling import served
from tests.backfill.lossy import deliver, desk_of, naive
from tests.backfill.reconcile.test_health_checks import URL, look
from tests.backfill.reconcile.test_health_checks import Place as World
from tests.fakegithub.samples import app_of, small_world
from tests.faults.fault import Fault, FaultOutcome, Place, ask

DAY = 86_400


def disable(place: World) -> None:
    (hook,) = place[1].hooks.hooks.values()
    hook.active = False


def turn_away(place: World) -> None:
    (hook,) = place[1].hooks.hooks.values()
    hook.url, hook.updated_at = "https://elsewhere.example.org/webhook", place[2].now + 10


def take_away(place: World) -> None:
    place[1].hooks.hooks.clear()


def be_silent(place: World) -> None:
    place[2].push(app_of(place[2]), "Unheard", after=2 * DAY)


def mistype(place: World) -> None:
    told = {"repo": "octo-org/apps", "error": "octo-org/apps is not watched", "body": None}
    with place[0].engine.begin() as connection:
        pushes = sa.update(deliveries).where(deliveries.c.event == "push")
        connection.execute(pushes.values(state="ignored", **told))


def expire(place: World) -> None:
    expires = datetime.fromtimestamp(place[2].now, UTC) + timedelta(days=3)
    place[1].tokens[TOKEN] = Token(expires=expires)


def refuse_key(place: World) -> None:
    health_checks.store_refused_key(place[0].engine, "github", "GitHub does not accept the key")


def hold_item_back(place: World) -> None:
    problem = ApiError("jobs: 502 Bad Gateway")
    place[0].due.note_failure(repoid_of(place), "run 5", problem)


def delete_repository(place: World) -> None:
    repoid, time = repoid_of(place), naive(place[2].now)
    with place[0].engine.begin() as connection:
        gone_repositories.mark_gone(connection, repoid, gone_repositories.DELETED, time)


def find_missing(place: World) -> None:
    time = naive(place[2].now)
    verdict = StoredVerdict(repoid_of(place), time, "audit", time, time, 2, 1, 1, [])
    audits.record(place[0].engine, verdict)


def repoid_of(place: World) -> int:
    with reading(place[0].engine).connect() as connection:
        return int(connection.execute(sa.select(repos.c.Id)).scalars().one())


FAULTS: tuple[tuple[str, str, Callable[[World], None], str, str], ...] = (
    ("webhook disabled", "healing", disable, "hook of", "--register"),
    ("webhook points elsewhere", "healing", turn_away, "hook of", "--register"),
    ("webhook gone", "healing", take_away, "hook of", "--register"),
    ("deliveries stopped", "healing", be_silent, "silence of", "--audit --repair"),
    ("-r mistyped", "healing", mistype, "typo of", "was -r octo-org/appz mistyped?"),
    ("key about to expire", "healing", expire, "token", "make a new one"),
    ("key refused", "odd answers", refuse_key, "token", "give another as GITHUB_TOKEN"),
    ("an item answers 502 for ever", "odd answers", hold_item_back, "unread of", "--audit"),
    ("repository deleted", "healing", delete_repository, "gone of", "out of -r"),
    ("an audit found something missing", "audits", find_missing, "audit of", "--audit"),
)


def outcomes(folder: Path, every: int = 1) -> Iterator[FaultOutcome]:
    """Make each fault in a small world, let a reconciler look, and ask `--check`."""
    for number, (name, programmes, make, line, says) in enumerate(FAULTS[::every]):
        fault = Fault(name, programmes, lambda place: None, line, says)
        with ExitStack() as stack:
            place = Place(folder / f"world {number}", {}, stack)
            place.folder.mkdir()
            engine = connect(f"sqlite:///{place.file}")
            stack.callback(engine.dispose)
            migrate.upgrade(engine)
            world = small_world()
            finished(world)
            finished(world)
            github = stack.enter_context(served(world, str(engine.url)))
            hook = github.hooks.create(
                URL, repo_id=app_of(world), events=("*",), content_type="json"
            )
            hook.created_at = hook.updated_at = world.log[0].time
            deliver(engine, world, app_of(world))
            with engine.begin() as connection:
                connection.execute(sa.update(deliveries).values(hookid=hook.id))
            context = stack.enter_context(desk_of(engine, github))
            seen = context, github, world
            look(seen)
            make(seen)
            if make is not refuse_key:
                look(seen, "octo-org/app", "octo-org/appz", after=timedelta(hours=9))
            yield FaultOutcome(fault, ask(place.settings))
