"""Loads: what is stored, what a second one changes, and what one that breaks off leaves."""

import os

import pytest
from sqlalchemy import Engine, select

from feedrunner import load as loading
from feedrunner.runner import load_lines, run_feed
from schema.tables import packages as tables
from store.feeds.daily import follow_day
from tests.feedrunner.feed import (
    SHOP,
    STORED,
    loads,
    printing,
    record,
    rows,
    state,
    states,
    stored,
    whole,
    write_feed,
)


def run(engine: Engine, tmp_path, lines: list[bytes], end: str = "", **more):
    return run_feed(engine, write_feed(tmp_path, printing(lines, end)), os.environ, **more)


def test_rows_are_stored_by_the_names_that_a_feed_gives(engine: Engine, tmp_path):
    ended = run(engine, tmp_path, [*SHOP, state(at=1)])
    assert (ended.state, ended.error) == ("done", "")
    assert stored(engine) == STORED
    assert rows(engine, select(tables.urls.c.url)) == [("https://pear.example/x",)]
    assert rows(engine, select(tables.points.c.feed, tables.points.c.value)) == [("shop", 8.0)]
    assert states(engine) == [("shop", '{"at":1}')]
    assert loads(engine) == [("shop", "done", 0, ended.changed, 0, None)]


def test_same_rows_again_change_nothing(engine: Engine, tmp_path):
    run(engine, tmp_path, SHOP[:-1])
    before = rows(engine, select(tables.packages)), rows(engine, select(tables.dependencies))
    assert run(engine, tmp_path, SHOP[:-1]).changed == 0
    assert (
        rows(engine, select(tables.packages)),
        rows(engine, select(tables.dependencies)),
    ) == before


def test_absent_column_stays_and_null_empties_it(engine: Engine, tmp_path):
    run(engine, tmp_path, SHOP)
    more = [
        record("packages", name="apple", readme="red"),
        record("versions", package="apple", version="1", size=None),
    ]
    assert run(engine, tmp_path, more).changed == 2
    assert stored(engine)["packages"][1] == ("apple", "apple", "2")
    assert stored(engine)["versions"][0] == ("apple", "1", None)


def test_what_a_version_needs_is_replaced_as_a_set(engine: Engine, tmp_path):
    run(engine, tmp_path, SHOP)
    new = record("dependencies", package="apple", version="2", position=1, name="pear")
    run(engine, tmp_path, [new])
    assert stored(engine)["dependencies"] == [("apple", 1, 0, "pear", "pear")]


def test_list_that_batches_cut_is_not_written_again(
    engine: Engine, tmp_path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(loading, "BATCH", 4)
    needs = [
        record("dependencies", package="apple", version="2", position=at, name=f"n{at}")
        for at in range(10)
    ]
    run(engine, tmp_path, [*SHOP[:6], *needs])
    table = tables.dependencies
    before = rows(engine, select(table))
    assert len(before) == 10
    assert run(engine, tmp_path, [*SHOP[:6], *needs]).changed == 0
    assert rows(engine, select(table)) == before
    run(engine, tmp_path, [*SHOP[:6], *needs[3:]])
    assert rows(engine, select(table.c.position).order_by(table.c.position)) == [
        (at,) for at in range(3, 10)
    ]


def test_no_stream_is_marked_when_another_is_half(engine: Engine, tmp_path):
    run(engine, tmp_path, SHOP)
    ended = run(engine, tmp_path, [*SHOP[:2], SHOP[3], whole("versions"), whole("packages")])
    assert ended.error == "only 1 of 3 versions came; nothing was marked gone"
    assert rows(engine, select(tables.packages.c.gonetime).distinct()) == [(None,)]


def test_rows_of_another_feed_of_the_registry_stay(engine: Engine, tmp_path):
    run(engine, tmp_path, SHOP[:3])
    fig = printing([record("packages", name="fig"), SHOP[0], whole("packages")])
    ended = run_feed(engine, write_feed(tmp_path, fig, "market"), os.environ)
    assert (ended.error, ended.gone) == ("", 0)
    ended = run(engine, tmp_path, [*SHOP[:2], whole("packages")])
    assert (ended.error, ended.gone) == ("", 1)
    gone = select(tables.packages.c.name).where(tables.packages.c.gonetime.is_not(None))
    assert rows(engine, gone) == [("plum",)]


def test_rows_that_a_whole_stream_does_not_bring_are_marked_and_come_back(engine: Engine, tmp_path):
    run(engine, tmp_path, SHOP)
    gone = select(tables.packages.c.name).where(tables.packages.c.gonetime.is_not(None))
    assert run(engine, tmp_path, [SHOP[0], SHOP[1], whole("packages")]).gone == 1
    assert rows(engine, gone) == [("plum",)]
    run(engine, tmp_path, SHOP[:3])
    assert rows(engine, gone) == []


def test_name_leads_to_the_package_that_has_it_by_now(engine: Engine, tmp_path):
    need = [record("dependencies", package="apple", version="2", position=1, name="pear")]
    run(engine, tmp_path, [*SHOP[:5], *need])
    newer = record("packages", name="pear", import_id="78")
    run(engine, tmp_path, [*SHOP[:5], *need, newer])
    c, p = tables.dependencies.c, tables.packages
    leads = select(p.c.import_id).join(tables.dependencies, c.dependency_id == p.c.Id)
    assert rows(engine, leads) == [("78",)]


def test_what_came_leads_to_no_package_that_is_gone_by_the_end(engine: Engine, tmp_path):
    run(engine, tmp_path, SHOP[:5])
    need = [record("dependencies", package="apple", version="2", position=1, name="plum")]
    ended = run(engine, tmp_path, [*SHOP[:2], *SHOP[3:5], *need, whole("packages")])
    assert ended.gone == 1
    assert stored(engine)["dependencies"] == [("apple", 1, 0, "plum", None)]
    run(engine, tmp_path, SHOP[:5])
    assert stored(engine)["dependencies"] == [("apple", 1, 0, "plum", "plum")]


def test_source_that_delivers_less_than_half_marks_nothing(engine: Engine, tmp_path):
    run(engine, tmp_path, SHOP)
    ended = run(engine, tmp_path, [SHOP[0], whole("packages")])
    why = "only 1 of 3 packages came; nothing was marked gone"
    assert (ended.state, ended.error) == ("failed", why)
    assert rows(engine, select(tables.packages.c.gonetime).distinct()) == [(None,)]


def test_whole_stream_counts_only_with_exit_code_0(engine: Engine, tmp_path):
    run(engine, tmp_path, SHOP)
    ended = run(engine, tmp_path, [*SHOP[:2], whole("packages")], "sys.exit(3)")
    assert (ended.state, ended.error, ended.gone) == ("failed", "ended with exit code 3", 0)
    assert loads(engine)[1][:3] == ("shop", "failed", 3)


def test_rows_after_the_last_state_are_dropped_by_a_bad_line(engine: Engine, tmp_path):
    ended = run(engine, tmp_path, [*SHOP[:2], state(at=2), SHOP[2], b"Debug: plum"])
    assert ended.error.startswith("line 5: is no JSON: 'Debug: plum'")
    assert [name for _, name, _ in stored(engine)["packages"]] == ["pear", "apple"]
    assert states(engine) == [("shop", '{"at":2}')]


def test_row_of_a_package_that_never_came_is_named(engine: Engine, tmp_path):
    ended = run(engine, tmp_path, [SHOP[0], record("versions", package="fig", version="1")])
    assert ended.error == "line 2: versions.package: no package 'fig' came before"
    assert stored(engine)["packages"] == []


def test_dry_run_counts_and_stores_nothing(engine: Engine, tmp_path):
    ended = run(engine, tmp_path, [*SHOP, state(at=1)], dry_run=True)
    assert (ended.state, ended.changed > 10) == ("done", True)
    assert stored(engine) == {"packages": [], "versions": [], "dependencies": []}
    assert (loads(engine), states(engine)) == ([], [])


def test_long_list_waits_by_batches(engine: Engine, tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(loading, "BATCH", 10)
    looks = list[int]()
    end_of_lists = loading.end_of_lists

    def look(waiting):
        looks.append(waiting.count)
        return end_of_lists(waiting)

    monkeypatch.setattr(loading, "end_of_lists", look)
    needs = [
        record("dependencies", package="apple", version="2", position=at, name=f"n{at}")
        for at in range(33)
    ]
    lines = b"".join(line + b"\n" for line in [*SHOP[:6], *needs])
    assert load_lines(engine, write_feed(tmp_path, ""), [lines], lambda: 0).changed == 39
    assert looks == [10, 10, 20, 30]


def test_scores_wait_for_edges_after_a_load_that_failed(engine: Engine, tmp_path):
    scores = select(tables.packages.c.score.is_not(None)).distinct()
    run(engine, tmp_path, [*SHOP, state(at=1)], "sys.exit(3)")
    follow_day(engine)
    assert rows(engine, scores) == [(False,)]
    run(engine, tmp_path, SHOP)
    follow_day(engine)
    assert rows(engine, scores) == [(True,)]
    needed = select(tables.packages.c.name).where(tables.packages.c.dependents == 1)
    assert rows(engine, needed.order_by(tables.packages.c.name)) == [("pear",), ("plum",)]


def test_load_that_fails_without_a_row_keeps_no_score_waiting(engine: Engine, tmp_path):
    run(engine, tmp_path, SHOP)
    assert run(engine, tmp_path, [], "sys.exit(3)").changed == 0
    follow_day(engine)
    scores = select(tables.packages.c.score.is_not(None)).distinct()
    assert rows(engine, scores) == [(True,)]
