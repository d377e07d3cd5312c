"""One repository after the other, phase by phase; what goes wrong in one leaves the others be."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from backfill.command.arguments import Wish
from backfill.command.summary import close
from backfill.github.all_runs import read_runs
from backfill.github.branches import read_branches, read_workflows
from backfill.github.commits import read_commits
from backfill.github.context import Desk, Here
from backfill.github.repositories import find
from backfill.http.errors import Problem
from store.write import renames

BAD_KEY = 401

Phase = Callable[[Desk, Here, Wish], None]

PHASES: tuple[tuple[str, Phase], ...] = (
    ("workflows", lambda desk, here, wish: read_workflows(desk, here)),
    ("branches", lambda desk, here, wish: read_branches(desk, here)),
    ("runs", read_runs),
    ("commits", lambda desk, here, wish: read_commits(desk, here, wish.commits)),
)


def crawl(desk: Desk, repositories: Iterable[str], wish: Wish) -> None:
    """Read repositories. Raises Problem when GitHub does not accept the key at all."""
    for name in repositories:
        desk.show.begin(name)
        try:
            here = find(desk, name)
        except Problem as problem:
            tell(desk, name, problem)
            continue
        read_all(desk, here, wish)
        desk.writer.flush()
        close(desk, here, wish)
    desk.show.end()
    # A repository that was renamed: its older rows learn its name.
    while renames.rewrite(desk.engine):
        pass


def read_all(desk: Desk, here: Here, wish: Wish) -> None:
    """Read everything of a repository; a phase that is refused leaves the others be."""
    for phase, run in PHASES:
        try:
            run(desk, here, wish)
        except Problem as problem:
            if problem.status == 409:  # an empty repository has no commits
                desk.show.say(f"{here.name}: {problem}")
                continue
            tell(desk, f"{here.name}: {phase}", problem)


def tell(desk: Desk, what: str, problem: Problem) -> None:
    """Tell of a problem; raise it again when it is not this repository's alone."""
    if problem.status == BAD_KEY:
        raise problem
    desk.trouble(f"{what}: {problem}")
