"""Any set of the API's paths may fail, for ever or for a while: everything else is as without it.

Paths are drawn from those that were asked for while nothing failed, by the command and by cycles.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random

import pytest
from sqlalchemy import Engine

from backfill.cli import main
from backfill.pipeline import due_items
from fakegithub.api.faults import Faults
from fakegithub.world.history import history
from fakegithub.world.world import World
from tests.counts import count
from tests.equality import Contents, check_equal, contents
from tests.healing.installation import Installation, installed
from tests.store.writers import emptied

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
KINDS = ("500", "502", "timeout", "truncated", "reset", "404")
NUMBER = re.compile(r"\bruns/(\d+)")
OF_RUNS = frozenset({"workflowruns", "runattempts", "jobs"})
HIDDEN = {
    "": frozenset({"repos", "repoaliases", "branches", "commits", "workflows"}) | OF_RUNS,
    # Commits are read back to the oldest run that is known.
    "/actions/runs": OF_RUNS | {"branches", "commits"},
    "/branches": frozenset({"branches", "commits"}),
    # A branch's author is its head commit's.
    "/compare": frozenset({"branches", "commits"}),
    "/commits": frozenset({"branches", "commits"}),
    "/actions/workflows": frozenset({"workflows"}) | OF_RUNS,
}
"""What may lack or be older in a repository while a path below it fails."""


def world_of_two(seed: int) -> World:
    return history(seed=seed, runs=6, jobs=2, repos=2, days=2)


def by_command(here: Installation) -> int:
    return main(["-r", "octo-org"])


def by_cycles(here: Installation) -> int:
    for second in (1, 62):
        now = here.world.now + second
        here.github.clock = lambda now=now: now
        outcome = here.heal(first=second == 1)
    return int(bool(outcome.troubles))


@contextmanager
def reading(engine: Engine, store_url: str, seed: int, faults: Faults) -> Iterator[Installation]:
    """Serve a world to an empty store, by both doors."""
    emptied(store_url)
    with (
        installed(world_of_two(seed), engine, faults=faults) as here,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("GITHUB_API_URL", here.github.url)
        patch.setenv("GITHUB_TOKEN", here.github.token)
        patch.setenv("DATABASE_URL", store_url)
        yield here


def patterns_of(paths: list[str], draw: Random) -> list[str]:
    """Return patterns for some of the paths, with any query or with theirs."""
    drawn = draw.sample(sorted(set(paths)), draw.randint(1, min(8, len(set(paths)))))
    return [
        f"{re.escape(path.partition('?')[0])}(\\?|$)" if draw.random() < 0.5 else re.escape(path)
        for path in drawn
    ]


def untouched(stored: Contents, world: World, patterns: list[str]) -> Contents:
    """Return the rows that no path of these tells of."""
    names = {world.repo(repo).full_name: repo for repo in world.members[("repo", None)]}
    hidden = set[tuple[object, str]]()
    runs = set[int]()
    for pattern in patterns:
        path = pattern.replace("\\", "")
        full_name = "/".join(path.split("/")[2:4]).partition("(")[0]
        rest = path.split(full_name, 1)[1]
        if found := NUMBER.search(rest):
            runs.add(int(found[1]))
            continue
        part = max((one for one in HIDDEN if rest.startswith(one)), key=len)
        hidden |= {(names.get(full_name), table) for table in HIDDEN[part]}
    return {
        table: Counter(
            {row: n for row, n in rows.items() if not is_hidden(table, dict(row), hidden, runs)}
        )
        for table, rows in stored.items()
    }


def is_hidden(
    table: str, row: dict[str, object], hidden: set[tuple[object, str]], runs: set[int]
) -> bool:
    repo = row["gitid"] if table == "repos" else row["repoid"][1] if "repoid" in row else None
    run = row["gitid"] if table == "workflowruns" else row.get("rungitid")
    return (repo, table) in hidden or run in runs


@pytest.mark.parametrize("read", [by_command, by_cycles])
@pytest.mark.parametrize("seed", range(count(1, 200)))
def test_any_paths_that_fail_hold_up_nothing_else_and_all_comes_afterwards(
    engine, store_url, monkeypatch, seed, read
):
    with reading(engine, store_url, seed, Faults()) as here:
        assert read(here) == 0
        wanted = contents(engine)
        paths = [one.path for one in here.github.requests if "/repos/octo-org/" in one.path]
    draw = Random(seed)
    patterns = patterns_of(paths, draw)
    # An earlier attempt that is not found is taken for gone: GitHub may have dropped it.
    lasting = [
        (pattern, draw.choice(KINDS[:-1] if "/attempts/" in pattern else KINDS))
        for pattern in patterns
    ]
    faults = Faults(pause=0.01, lasting=list(lasting))
    with reading(engine, store_url, seed, faults) as here:
        read(here)
        check_equal(
            untouched(contents(engine), here.world, patterns),
            untouched(wanted, here.world, patterns),
        )
        faults.lasting.clear()
        for hours in (7, 14):
            now = datetime.now() + timedelta(hours=hours)
            monkeypatch.setattr(due_items, "clock", lambda now=now: now)
            code = read(here)
        assert code == 0, lasting
        check_equal(contents(engine), wanted)
