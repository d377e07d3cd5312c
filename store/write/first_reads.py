"""What a batch reads before it writes anything, asked together: its repositories, its runs.

The server locks the runs of a batch when the transaction before has them no longer, which takes as
long as the disk does. Repositories change rarely, and runs that are stored stay. So rows may follow
at once, made of what was read before, and what the server says of both is looked at when the last
question is answered. Where it is something else, all is undone, and done again with what is read.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from engines.asking.questions import Question, ask, ask_ahead
from engines.chunks import SIZE
from rows.words import RunKey
from store.write import adopted_repositories, derived_columns, repositories
from store.write.repositories import Batch, Key, StoredRepository
from store.write.version_cache import KnownRun, ReadMemory, Told, VersionCache


def nothing() -> None:
    """Do nothing."""


class Unforeseen(Exception):
    """A repository or a run is not what it was."""


class ForeseenReads:
    """What was foreseen, and is to be confirmed."""

    def __init__(self, foreseen: Told, tell: Callable[[], Told], memory: ReadMemory) -> None:
        """Believe in what is foreseen until what is told can be asked for."""
        self.foreseen, self.tell, self.memory = foreseen, tell, memory
        self.told: Told | None = None

    def confirm(self) -> Mapping[RunKey, Any]:
        """Return the stored runs, which are locked. Raises Unforeseen."""
        if self.told is None:
            told = self.tell()
            known = {key: KnownRun(row.Id) for key, row in told.runs.items()}
            if (told.repositories, known) != self.foreseen:
                self.memory.forget()
                raise Unforeseen
            self.memory.remember(told)
            self.told = told
        return self.told.runs


class FirstReads(NamedTuple):
    """The stored repositories of a batch; its stored runs, which are locked; None: not yet.

    `write_beside` writes what goes with its rows, once they are sent and before anything is read of
    them, `write_meanwhile` while it is read: nobody waits for that alone.
    """

    repositories: Mapping[Key, StoredRepository] | None = None
    runs: Mapping[RunKey, Any] | None = None
    write_beside: Callable[[], None] = nothing
    write_meanwhile: Callable[[], None] = nothing
    hopes: bool = False
    """Whether new runs are inserted, in the hope that no other writer has them (fresh_rows.py)."""
    foreseen: ForeseenReads | None = None
    """Where these are as they were before, to be confirmed: of runs only numbers are known then."""


EMPTY = FirstReads()


def read_first(
    connection: Connection,
    batch: Batch,
    cache: VersionCache,
    beside: Question | None,
    meanwhile: Callable[[], None],
    *,
    foresees: bool = False,
) -> tuple[list[Any], FirstReads]:
    """Return the rows that answer `beside`, and what a batch reads first, in one round trip; do
    something meanwhile. Where it `foresees` what is read, as it was before, it does neither.

    Not of one of several servers, or so long that it takes several statements, or while older rows
    wait for their keys. Runs are locked after their repositories, so these have to be stored.
    """
    asked = [beside] if beside else []
    providers = {mapped.provider for mapped in batch}
    keys = sorted({repositories.key_of(mapped)[1] for mapped in batch})
    runs = runs_of(batch)
    is_long = len(providers) != 1 or max(len(keys), len(runs)) > SIZE
    if is_long or adopted_repositories.is_needed(connection, cache):
        return ask(connection, *asked, meanwhile=meanwhile)[0] if asked else [], EMPTY
    provider = providers.pop()
    asked.append(Question(repositories.REPOSITORIES, {"of": provider, "gitids": keys}))
    if not runs or not all(cache.is_stored("repos", one.repository.values) for one in batch):
        *beyond, stored = ask(connection, *asked, meanwhile=meanwhile)
        return beyond[0] if beyond else [], FirstReads(told_by(provider, stored, ()).repositories)
    asked.append(Question(derived_columns.LOCK_RUNS, {"of": provider, "gitids": runs}))
    if foresees and beside is None:
        foreseen = cache.reads.foresee(*([(provider, one) for one in ids] for ids in (keys, runs)))
        tell = ask_ahead(connection, *asked) if foreseen else None
        if foreseen and tell:
            reads = ForeseenReads(foreseen, lambda: told_by(provider, *tell()), cache.reads)
            return [], FirstReads(*foreseen, foreseen=reads)
    *beyond, stored, locked = ask(connection, *asked, meanwhile=meanwhile)
    told = told_by(provider, stored, locked)
    cache.reads.remember(told)
    return beyond[0] if beyond else [], FirstReads(*told)


def told_by(provider: str, stored: Iterable[Any], locked: Iterable[Any]) -> Told:
    """Return what rows of repositories and of runs tell."""
    return Told(
        {(provider, gitid): StoredRepository(*row) for gitid, *row in stored},
        {(provider, row.gitid): row for row in locked},
    )


def runs_of(batch: Batch) -> list[int]:
    """Return the ids of the runs that a batch touches."""
    touched: Iterable[Sequence[Any]] = (mapped.rows for mapped in batch)
    return sorted({
        row.values["gitid"] for rows in touched for row in rows if row.table == "workflowruns"
    })  # fmt: skip
