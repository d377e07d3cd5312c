"""A dry run: it counts what the load then does, stores nothing, and holds up no writer."""

import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from engines import connect
from feedrunner import load as loading
from feedrunner.load_notes import note_next
from feedrunner.runner import Ended, load_lines, try_lines
from schema.tables import packages as tables
from tests.counts import count
from tests.feedrunner.feed import SHOP, loads, record, rows, states, stored, whole, write_feed
from tests.feedrunner.test_cuts import contents, draw_load, whole_text


def outcome(ended: Ended) -> tuple:
    return ended.lines, ended.changed, ended.gone, ended.error


@pytest.mark.parametrize("seed", range(count(3, 200)))
def test_it_counts_what_the_load_then_does(
    engine: Engine, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
):
    draw = random.Random(seed)
    mine, other = write_feed(tmp_path, ""), write_feed(tmp_path, "", "other")
    other = other._replace(allowed=other.allowed._replace(manager="elsewhere"))
    monkeypatch.setattr(loading, "BATCH", draw.randint(1, 9))
    for manifest in (mine, other, mine, mine):
        lines = draw_load(draw)
        if draw.random() < 0.7:
            lines += [whole("packages"), whole("versions")]
        lines += [
            record("points", series=draw.choice("st"), time=f"2026-01-0{day}", value=draw.random())
            for day in (1, 2)
        ]
        before = contents(engine), loads(engine), states(engine)
        tried = try_lines(engine, manifest, whole_text(lines), lambda: 0)
        assert (contents(engine), loads(engine), states(engine)) == before
        loaded = load_lines(engine, manifest, whole_text(lines), lambda: 0)
        assert outcome(tried) == outcome(loaded)


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_others_write_to_a_file_meanwhile(
    engine: Engine, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(loading, "BATCH", 1)
    hurried = connect(store_url, read_seconds=0.2)
    note = partial(note_next, hurried, "other")

    def pieces() -> Iterator[bytes]:
        yield b"".join(line + b"\n" for line in SHOP[:4])
        yield b"".join(line + b"\n" for line in SHOP[4:])
        note({"setup": "a"})

    ended = try_lines(engine, write_feed(tmp_path, ""), pieces(), lambda: note({"setup": "b"}))
    hurried.dispose()
    assert (ended.error, ended.changed) == ("", 13)
    assert rows(engine, select(tables.feedstates.c.setup)) == [("b",)]
    assert stored(engine)["packages"] == []
