"""An adopted database ends up as one that never was another, whatever comes first."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine

from engines import connect
from fakegithub.world.history import history
from fakegithub.world.world import World
from schema import migrate
from store import apply
from tests import databases
from tests.backfill.filling import deliver, deliveries_of, fill, served
from tests.counts import ALL, count
from tests.equality import Contents, Row, contents
from tests.schema.adopt import legacy

LONG = "octo-org/" + "application-" * 4
DAY = datetime(2019, 3, 2, 12)


def a_world(seed: int) -> tuple[World, list[int]]:
    """Return a world of three repositories, and them: one is renamed, one has a long name."""
    world = history(seed=seed, runs=count(9, 60), jobs=3, repos=3, days=count(3, 10))
    repos = [repo for repo in world.members[("repo", None)] if "app-" in world.repo(repo).full_name]
    world.create_branch(repos[0], "release/" + "x" * 60, after=60)
    world.create_branch(repos[0], "release/" + "x" * 61, after=60)
    world.push(repos[1], "A last commit", after=60)
    world.rename(repos[1], "renamed", after=60)
    world.rename(repos[2], LONG.partition("/")[2], after=60)
    return world, repos


def gone(number: int) -> legacy.Rows:
    """Return rows that GitHub lists no more, so many in each table; names collide when cut."""
    places = range(number)
    return {
        "repos": [{"name": f"gone-org/gone-{place}"} for place in places],
        "branches": [
            {"name": f"gone/{place}", "author": "Jürgen", "repo": f"gone-{place % 50}"}
            for place in places
        ],
        "commits": [
            {
                "hash": f"{place:040x}",
                "author": "Jürgen Müller",
                "message": f"Change {place}\n\n100% % ü",
                "time": DAY + timedelta(seconds=place),
                "repo": f"gone-org/gone-{place % 50}",
            }
            for place in places
        ],
        "workflows": [
            {
                "name": f"Gone {place}",
                "url": "https://github.com/gone",
                "repo": f"gone-org/gone-{place}",
            }
            for place in places
        ],
        "workflowruns": [
            {
                "gitid": 100 + place,
                "createtime": DAY + timedelta(seconds=place),
                "status": "completed",
                "conclusion": "success",
                "workflowname": "Gone",
                "repo": f"gone-org/gone-{place % 50}",
            }
            for place in places
        ],
    }


@pytest.fixture
def before(engine_name: str, tmp_path: Path) -> Iterator[Engine]:
    """Give an empty database for the old installation."""
    with databases.fresh(engine_name, tmp_path) as url:
        made = connect(url, read_seconds=120)
        yield made
        made.dispose()


def play(
    engine: Engine, world: World, repos: list[int], order: list[int], *, sent_first: int
) -> None:
    """Send some deliveries, read everything, and send the rest."""
    apply.CACHES.clear()
    url = engine.url.render_as_string(hide_password=False)
    deliver(engine, world, 0, order[:sent_first])
    with served(world, url):
        for repo in repos:
            assert fill(world, repo, "--commits", "all") == 0
    deliver(engine, world, 0, order[sent_first:])


def in_charset(value: object, charset: str) -> object:
    """Return a value as a server that is not strict keeps it in a narrow character set."""
    if not isinstance(value, str) or charset == "utf8mb4":
        return value
    if charset == "latin1":
        return value.encode("latin1", "replace").decode("latin1")
    return "".join("?" if ord(letter) > 0xFFFF else letter for letter in value)


def without_ends(stored: Contents) -> Contents:
    """Leave out when branches were deleted: GitHub lists them no more.

    Who reads the list of branches before the deletion is delivered knows only that it was past.
    """
    rows: Counter[Row] = Counter()
    for row, number in stored["branches"].items():
        gone = dict(row)["deletetime"] is not None
        rows[tuple((name, gone if name == "deletetime" else value) for name, value in row)] += (
            number
        )
    return {**stored, "branches": rows}


def check_whole(found: Contents, wanted: Contents, unlisted: dict[str, int]) -> None:
    """Fail for a wanted row that is missing, or another one that is not of the unlisted.

    Names that only the old installation used stay: a repository that it kept under two, and the
    aliases of one.
    """
    lines = []
    for name, rows in wanted.items():
        lines += [f"{name} missing {shown(row)}" for row in (rows - found[name]).elements()]
        left = [row for row in (found[name] - rows).elements() if not is_old_name(name, dict(row))]
        if len(left) != unlisted.get(name, 0):
            lines += [
                f"{name} left    {shown(row)}" for row in left if "gone" not in str(row).lower()
            ]
            lines.append(f"{name}: {len(left)} are left, {unlisted.get(name, 0)} are not listed")
    assert not lines, "\n".join(sorted(lines))


def is_old_name(name: str, values: dict[str, object]) -> bool:
    """Tell an alias of the old installation, and a repository that it also had under another."""
    if name == "repoaliases":
        return values["firstseen"] is None
    return name == "repos" and values["gitid"] is None and "gone" not in str(values["name"])


def shown(row: Row) -> dict[str, object]:
    return {column: value for column, value in row if value is not None}


NAMINGS = {
    "full": lambda name, _: name,
    "short": lambda name, _: name and name.rpartition("/")[2],
    "both": lambda name, random: name and random.choice([name, name.rpartition("/")[2]]),
}


KINDS = (("both", "utf8mb4"), ("short", "latin1"), ("full", "utf8mb3"))
PART = [(engine, *kind) for engine, kind in zip(databases.EARLIER, KINDS, strict=True)]
WHOLE = [(engine, *kind) for engine in databases.EARLIER for kind in KINDS]


@pytest.mark.parametrize(
    ("engine_name", "naming", "charset"), WHOLE if ALL else PART, indirect=["engine_name"]
)
def test_adopted_database_ends_as_one_that_never_was_another(
    naming: str, charset: str, bare: Path, engine: Engine, before: Engine, store_url: str
):
    random = Random(naming)
    world, repos = a_world(1)
    order = [place for repo in repos for place in deliveries_of(world, repo)]
    half = [place for repo in repos for place in deliveries_of(world, repo)[: len(order) // 8]]
    deliver(engine, world, 0, half)
    known = legacy.remembered(store_url, lambda name: NAMINGS[naming](name, random))
    names = {row["repo"] for rows in known.values() for row in rows if "repo" in row} - {None}
    known["repos"] = [{"name": str(name)[:50]} for name in sorted(names)]
    number = count(300, 10_000)
    for row in (row for rows in known.values() for row in rows):
        row.update({name: in_charset(value, charset) for name, value in row.items()})
    legacy.create(before, charset, {"commits": "authorurl varchar(100)"})
    unlisted = gone(number)
    legacy.insert(before, unlisted)
    legacy.insert(before, known)
    migrate.upgrade(before)
    random.shuffle(order)
    play(engine, world, repos, order, sent_first=len(order))
    play(before, world, repos, order[::-1], sent_first=random.randrange(len(order)))
    wanted, found = without_ends(contents(engine)), without_ends(contents(before))
    del wanted["deliveries"]
    check_whole(found, wanted, {name: len(rows) for name, rows in unlisted.items()})
