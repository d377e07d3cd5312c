"""Loads whose runner or whose program is killed at any line: what is left, and how they end."""

import json
import random
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engines import reading
from feedrunner import load as loading
from feedrunner.load_notes import last_state
from feedrunner.manifest import Manifest
from feedrunner.runner import load_lines
from feedrunner.writing.waiting_rows import WaitingRows, records_of, single_row
from tests.counts import count
from tests.feedrunner.feed import SHOP, STORED, loads, state, stored, write_feed

KILLS = 5


class Killed(BaseException):
    """Stands for a kill -9 of the runner: nothing runs after it, and its lease is not given up."""


def draw_lines(draw: random.Random) -> list[bytes]:
    """Return the lines of a feed with states at random places, each the number of rows before."""
    lines = list[bytes]()
    for number, line in enumerate(SHOP[:-1], start=1):
        lines += [line, state(at=number)] if draw.random() < 0.5 else [line]
    return lines


def load(engine: Engine, manifest: Manifest, lines: Sequence[bytes], *, kills_runner: bool) -> str:
    """Load lines; at their end the runner is killed, or the program was. Return why it failed."""

    def pieces() -> Iterator[bytes]:
        for line in lines:
            yield line + b"\n"
        if kills_runner:
            raise Killed

    return load_lines(engine, manifest, pieces(), lambda: -signal.SIGKILL).error


def kill_anywhere(engine: Engine, manifest: Manifest, draw: random.Random) -> None:
    """Kill a load some times, the last state's rows looked at each time; then let it end."""
    lines = draw_lines(draw)
    for _ in range(KILLS):
        part = lines[: draw.randint(1, len(lines) - 1)]
        if draw.random() < 0.5:
            with pytest.raises(Killed):
                load(engine, manifest, part, kills_runner=True)
        else:
            error = load(engine, manifest, part, kills_runner=False)
            assert error == "was ended by signal 9"
        with reading(engine).connect() as connection:
            at = json.loads(last_state(connection, manifest.name)).get("at", 0)
        names = {json.loads(line)["record"]["name"] for line in SHOP[: min(at, 3)]}
        missing = names - {name for _, name, _ in stored(engine)["packages"]}
        assert not missing, "a state without its rows"
    assert load_lines(engine, manifest, (line + b"\n" for line in lines), lambda: 0).error == ""
    assert stored(engine) == STORED


@pytest.mark.parametrize("seed", range(count(2, 20)))
def test_load_that_is_killed_anywhere_keeps_no_state_without_its_rows_and_ends_the_same(
    engine: Engine, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
):
    draw = random.Random(seed)
    monkeypatch.setattr(loading, "BATCH", draw.randint(1, 4))
    kill_anywhere(engine, write_feed(tmp_path, ""), draw)
    assert [each[1] for each in loads(engine)] == ["failed"] * KILLS + ["done"]


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_state_that_is_kept_without_its_rows_is_noticed(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write = loading.write

    def lose(connection, work, rows, *met):
        kept = WaitingRows()
        for record in records_of([*rows.by_shape.values()]):
            if record.values.get("name") != "plum":
                kept.add(single_row(record))
        return write(connection, work, kept, *met)

    monkeypatch.setattr(loading, "write", lose)
    with pytest.raises(AssertionError, match="a state without its rows"):
        kill_anywhere(engine, write_feed(tmp_path, ""), random.Random(0))
