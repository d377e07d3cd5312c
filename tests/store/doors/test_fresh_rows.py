"""Runs that nobody has: inserted with what follows from them, unless another was quicker."""

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, event

from store.doors import api
from store.doors.api import Read
from store.write import fresh_rows, upsert
from tests.counts import count
from tests.equality import Contents, check_equal, contents
from tests.store import production_doors
from tests.store.turns import in_turns
from tests.store.writers import check_story, emptied
from tests.stories import plain, rerun, unusual
from tests.stories.story import Story

SERVERS = pytest.mark.parametrize("engine_name", ["mariadb", "mysql", "postgresql"], indirect=True)
STORIES = (
    *(plain.SUCCESS, plain.FAILURE, plain.JOBLESS, plain.STARTED_AT_ONCE),
    *(rerun.RERUN, unusual.CANCELLED, unusual.GATED),
)
JOB, END = 7, 8
"""The end of the job that failed, and that of its run, in plain.FAILURE."""
SPLITS = count(2, 40)


def reads(story: Story, *places: int) -> list[Read]:
    """Return what a story tells, or some of it, as objects of the API."""
    those = production_doors.told(story)
    return [Read(those[place].rows) for place in places or range(len(those))]


def write_parts(engine: Engine, batch: Sequence[Read], sizes: Sequence[int]) -> Contents:
    """Write a batch in parts to an empty store; return what is in it, with the versions."""
    emptied(engine.url.render_as_string(hide_password=False))
    rest = list(batch)
    for size in (*sizes, len(batch)):
        api.write(engine, rest[:size])
        rest = rest[size:]
    return contents(engine, versions=True)


def once(batch: Sequence[Read]) -> list[Read]:
    """Return objects of which no two tell of one job, or of one attempt."""
    told, chosen = set[Any](), list[Read]()
    for read in batch:
        rows = [row.values for row in read.mapped.rows if row.values.get("version")]
        its = {(one.get("gitid"), one.get("rungitid"), one.get("attempt")) for one in rows}
        if told.isdisjoint(its):
            chosen.append(read)
            told |= its
    return chosen


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_what_is_derived_of_rows_in_hand_is_what_is_derived_of_stored_ones(
    engine: Engine, story: Story, monkeypatch: pytest.MonkeyPatch
):
    chance, batch, fresh = random.Random(5), reads(story), list[bool]()
    is_fresh = fresh_rows.is_fresh

    def note(*given: Any) -> bool:
        fresh.append(is_fresh(*given))
        return fresh[-1]

    monkeypatch.setattr(fresh_rows, "is_fresh", note)
    for _ in range(SPLITS):
        chance.shuffle(batch)
        for part in (batch, once(batch)):
            sizes = [chance.randint(1, len(part)) for _ in range(chance.randint(0, 3))]
            found = write_parts(engine, part, sizes)
            if part is batch:
                check_story(engine, story)
            with monkeypatch.context() as patched:
                patched.setattr(fresh_rows, "is_fresh", lambda *given: False)
                check_equal(found, write_parts(engine, part, sizes))
    assert any(fresh)


def test_new_run_with_its_jobs_is_written_once(engine: Engine):
    statements = list[str]()

    def note(*given: Any) -> None:
        statements.append(" ".join(given[2].split()))

    event.listen(engine, "before_cursor_execute", note)
    api.write(engine, reads(plain.FAILURE, JOB, END))
    event.remove(engine, "before_cursor_execute", note)
    for table in ("workflowruns", "runattempts", "jobs"):
        ways = (f"INSERT INTO {table} ", f"COPY {table} ")
        (written,) = [one for one in statements if one.startswith(ways)]
        assert not {"CONFLICT", "DUPLICATE"}.intersection(written.split())


def between(write: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let another writer commit once after a batch has read what is stored of its runs."""
    take, works = fresh_rows.take_fresh, [write]

    def take_fresh(*given: Any) -> Any:
        while works:
            works.pop()()
        return take(*given)

    monkeypatch.setattr(fresh_rows, "take_fresh", take_fresh)


def end_while_the_job_comes(writers: list[Engine], monkeypatch: pytest.MonkeyPatch) -> Contents:
    """Write the end of a new run, while another writer stores its job."""
    emptied(writers[0].url.render_as_string(hide_password=False))
    late, end = (production_doors.told(plain.FAILURE)[place] for place in (JOB, END))
    for writer in writers[:2]:  # who know of the repository: neither waits for the other's row
        api.write(writer, [Read(end.rows._replace(rows=()))])
    between(partial(production_doors.by_webhook, writers[1], [late]), monkeypatch)
    api.write(writers[0], reads(plain.FAILURE, END))
    return {name: rows for name, rows in contents(writers[0]).items() if name != "deliveries"}


def told_in_order(writer: Engine) -> Contents:
    """Return what the same leaves one after the other."""
    found = write_parts(writer, reads(plain.FAILURE, JOB, END), [1])
    assert found["jobs"]
    return {name: rows for name, rows in contents(writer).items() if name != "deliveries"}


@SERVERS
def test_run_that_another_writer_just_stored_is_merged(
    writers: list[Engine], monkeypatch: pytest.MonkeyPatch
):
    wanted = told_in_order(writers[0])
    assert end_while_the_job_comes(writers, monkeypatch) == wanted


@SERVERS
def test_merging_what_was_taken_to_be_new_is_found_wrong(
    writers: list[Engine], monkeypatch: pytest.MonkeyPatch
):
    """Control: it is the refusal of the INSERT that tells of the other writer."""
    wanted = told_in_order(writers[0])
    monkeypatch.setattr("store.apply.insert_new", upsert.upsert)
    assert end_while_the_job_comes(writers, monkeypatch) != wanted


def test_two_readers_of_one_new_run_step_by_step_leave_what_one_leaves(writers: list[Engine]):
    wanted = told_in_order(writers[0])
    chance = random.Random(11)
    orders = [[0, 1] * 20, *([chance.randrange(2) for _ in range(40)] for _ in range(SPLITS))]
    for order in orders:
        emptied(writers[0].url.render_as_string(hide_password=False))
        works = [
            partial(api.write, writer, reads(plain.FAILURE, place))
            for writer, place in zip(writers[:2], (JOB, END), strict=True)
        ]
        in_turns(writers[:2], works, order)
        found = contents(writers[0])
        assert {name: rows for name, rows in found.items() if name != "deliveries"} == wanted
