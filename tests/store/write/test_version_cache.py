"""What a process believes to be stored: never more than was committed."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from sqlalchemy import Engine, event

from store import apply
from store.write import version_cache
from store.write.version_cache import VersionCache
from tests.equality import check_equal, contents
from tests.store import production_doors
from tests.store.writers import check_story
from tests.stories.plain import SUCCESS

EARLY, NOON, LATE = (datetime(2026, 3, 2, hour) for hour in (6, 12, 18))


def workflow(version: bytes, gitid: int = 7) -> dict[str, object]:
    return {"provider": "github", "gitid": gitid, "version": version}


def alias(first: datetime | None, last: datetime | None) -> dict[str, object]:
    return {"repoid": 1, "name": "octo-org/app", "firstseen": first, "lastseen": last}


@pytest.fixture
def memory() -> VersionCache:
    return VersionCache()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give the time the memory goes by, to be moved on."""
    now = [1000.0]
    monkeypatch.setattr(version_cache.time, "monotonic", lambda: now[0])
    return now


def test_unknown_row_is_not_stored(memory: VersionCache):
    assert not memory.is_stored("workflows", workflow(b""))


def test_remembered_row_covers_its_version_and_older_ones(memory: VersionCache):
    memory.remember("workflows", [workflow(b"\x02")])
    assert memory.is_stored("workflows", workflow(b"\x02"))
    assert memory.is_stored("workflows", workflow(b"\x01"))
    assert memory.is_stored("workflows", workflow(b""))
    assert not memory.is_stored("workflows", workflow(b"\x03"))


def test_remembered_row_says_nothing_of_another(memory: VersionCache):
    memory.remember("workflows", [workflow(b"\x02")])
    assert not memory.is_stored("workflows", workflow(b"\x01", gitid=8))
    assert not memory.is_stored("workflows", {**workflow(b"\x01"), "provider": "github:ghes"})


def test_older_record_does_not_lower_what_is_remembered(memory: VersionCache):
    memory.remember("workflows", [workflow(b"\x02"), workflow(b"\x01")])
    assert memory.is_stored("workflows", workflow(b"\x02"))


def test_stub_is_remembered_as_a_stub(memory: VersionCache):
    memory.remember("workflows", [workflow(b"")])
    assert memory.is_stored("workflows", workflow(b""))
    assert not memory.is_stored("workflows", workflow(b"\x01"))


def test_alias_within_the_remembered_span_is_stored(memory: VersionCache):
    memory.remember("repoaliases", [alias(EARLY, NOON)])
    assert memory.is_stored("repoaliases", alias(NOON, NOON))
    assert not memory.is_stored("repoaliases", alias(NOON, LATE))
    memory.remember("repoaliases", [alias(LATE, LATE)])
    assert memory.is_stored("repoaliases", alias(NOON, LATE))


def test_alias_without_times_is_stored_only_if_the_same_was(memory: VersionCache):
    memory.remember("repoaliases", [alias(EARLY, NOON)])
    assert not memory.is_stored("repoaliases", alias(None, None))
    memory.remember("repoaliases", [alias(None, None)])
    assert memory.is_stored("repoaliases", alias(None, None))
    assert not memory.is_stored("repoaliases", alias(NOON, NOON))


@pytest.mark.parametrize("table", ["branches", "workflowruns", "jobs"])
def test_rows_that_are_derived_from_others_are_never_remembered(memory: VersionCache, table: str):
    memory.remember(table, [{"provider": "github", "gitid": 1, "version": b"\x01"}])
    assert not memory.entries


def test_entry_is_believed_for_ten_minutes(memory: VersionCache, clock: list[float]):
    memory.remember("workflows", [workflow(b"\x02")])
    clock[0] += 599
    assert memory.is_stored("workflows", workflow(b"\x02"))
    clock[0] += 2
    assert not memory.is_stored("workflows", workflow(b"\x02"))


def test_oldest_entries_make_room(memory: VersionCache, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(version_cache, "SIZE", 3)
    memory.remember("workflows", [workflow(b"\x01", gitid) for gitid in (1, 2, 3)])
    memory.remember("workflows", [workflow(b"\x01", 1), workflow(b"\x01", 4)])
    assert memory.is_stored("workflows", workflow(b"\x01", 1))
    assert not memory.is_stored("workflows", workflow(b"\x01", 2))
    assert len(memory.entries) == 3


@pytest.fixture
def failing_commit(engine: Engine) -> Iterator[None]:
    """Let the next commit fail, once."""
    fails = [True]

    def fail(_: object) -> None:
        if fails:
            fails.pop()
            raise ConnectionError("the server went away")

    event.listen(engine, "commit", fail)
    yield
    event.remove(engine, "commit", fail)


def test_transaction_that_failed_to_commit_is_not_remembered(engine: Engine, failing_commit: None):
    told = production_doors.told(SUCCESS)
    with pytest.raises(ConnectionError):
        production_doors.deliver(engine, told[:1])
    assert not apply.CACHES[engine].entries
    assert not any(contents(engine).values())
    production_doors.deliver(engine, told)
    check_story(engine, SUCCESS)


def test_known_rows_are_not_written_again(engine: Engine):
    told = production_doors.told(SUCCESS)
    production_doors.deliver(engine, told)
    before, written = contents(engine, versions=True), list[str]()

    def note(_c: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT"):
            written.append(statement.split()[2].strip('`"'))

    event.listen(engine, "before_cursor_execute", note)
    for one in told[:2]:
        again = production_doors.with_guid(one, f"{one.delivery.guid} again")
        production_doors.by_webhook(engine, [again])
    event.remove(engine, "before_cursor_execute", note)
    runs = ["workflowruns", "runattempts", "dirtyruns"]
    push = ["branches", "branchmoves", "commits"]
    # A delivery whose runs are locked is written before its rows; where they are foreseen, while
    # the server reads what is derived from.
    is_foreseen = engine.dialect.name == "mysql"
    run = [*runs, "deliveries"] if is_foreseen else ["deliveries", *runs]
    assert written == [*push, "deliveries", *run]
    del before["deliveries"]
    check_equal(contents(engine, versions=True), before)
