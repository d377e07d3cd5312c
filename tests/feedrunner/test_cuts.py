"""What is stored does not depend on where a load is cut into transactions, or killed."""

import random
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from feedrunner import load as loading
from feedrunner.manifest import Manifest
from feedrunner.runner import load_lines
from schema.tables import packages as tables
from store.feeds.daily import follow_day
from store.open import scratch
from tests.counts import count
from tests.feedrunner.feed import record, rows, state, whole, write_feed

OWN, NAMES, TIMES = "abcdef", ("x", "y", "z"), ("2026-01-01", "2026-02-01", None)


class Killed(BaseException):
    """Stands for a kill -9 of the runner."""


def draw_load(draw: random.Random) -> list[bytes]:
    """Return lines of packages that share and change names, of versions that come twice, and of
    what these need by names."""
    lines, came = list[bytes](), set[str]()
    for _ in range(draw.randint(5, 40)):
        own, version = draw.choice(OWN), draw.choice("12")
        if draw.random() < 0.4 or own not in came:
            came.add(own)
            more = {"readme": draw.choice("pq")} if draw.random() < 0.5 else {}
            more |= {"latestversion": "1"} if draw.random() < 0.3 else {}
            lines.append(record("packages", import_id=own, name=draw.choice(NAMES), **more))
            continue
        told: dict[str, Any] = {"published_at": draw.choice(TIMES)} if draw.random() < 0.7 else {}
        told |= {"size": draw.randrange(3)} if draw.random() < 0.5 else {}
        lines.append(record("versions", package=own, version=version, **told))
        listed = {"package": own, "version": version}
        for at in range(draw.choice((0, 0, 1, 3))):
            name = draw.choice((*NAMES, *OWN, "virtual"))
            lines.append(record("dependencies", **listed, position=at, name=name))
        if draw.random() < 0.2:
            lines.append(record("provides", **listed, name="virtual"))
        if draw.random() < 0.2:
            url = f"https://github.com/{draw.choice('gh')}/{own}"
            lines.append(record("package_urls", package=own, type="repository", url=url))
        if draw.random() < 0.1:
            lines.append(state(at=len(lines)))
    return lines


def load(engine: sa.Engine, manifest: Manifest, pieces: Iterator[bytes], *, ends: bool) -> str:
    return load_lines(engine, manifest, pieces, lambda: 0 if ends else -signal.SIGKILL).error


def whole_text(lines: Sequence[bytes]) -> Iterator[bytes]:
    yield b"".join(line + b"\n" for line in lines)


def cut_text(
    draw: random.Random, lines: Sequence[bytes], *, kills_runner: bool = False
) -> Iterator[bytes]:
    """Yield lines in groups of any size, and kill the runner behind them."""
    rest = [*lines]
    while rest:
        number = draw.randint(1, 5)
        yield from whole_text(rest[:number])
        del rest[:number]
    if kills_runner:
        raise Killed


def load_disturbed(
    engine: sa.Engine,
    manifest: Manifest,
    lines: list[bytes],
    draw: random.Random,
    *,
    is_first: bool,
) -> str:
    """Kill a load some times, then let it end; return why it failed."""
    for _ in range(draw.choice((0, 1, 3))):
        part = lines[: draw.randint(0, len(lines))]
        if draw.random() < 0.5:
            with pytest.raises(Killed):
                load(engine, manifest, cut_text(draw, part, kills_runner=True), ends=False)
        else:
            assert load(engine, manifest, cut_text(draw, part), ends=False)
        if is_first and draw.random() < 0.5:
            follow_day(engine)
    return load(engine, manifest, cut_text(draw, lines), ends=True)


def contents(engine: sa.Engine) -> dict[str, list[tuple]]:
    """Return all that is stored of packages, without the store's own numbers."""
    p, v, d, e = tables.packages, tables.versions, tables.dependencies, tables.packageedges
    needed, o = p.alias("needed"), tables.provides
    of_version = sa.join(v, p, p.c.Id == v.c.package_id)
    needs = of_version.join(d, d.c.version_id == v.c.Id)
    needs = needs.join(needed, needed.c.Id == d.c.dependency_id, isouter=True)
    edges = sa.join(e, p, p.c.Id == e.c.package_id).join(needed, needed.c.Id == e.c.dependency_id)
    columns: dict[str, tuple[sa.FromClause, tuple[sa.ColumnElement, ...]]] = {
        "packages": (
            p,
            (p.c.import_id, p.c.name, p.c.readme, p.c.latestversion, p.c.gonetime.is_(None)),
        ),
        "versions": (
            of_version,
            (p.c.import_id, v.c.version, v.c.size, v.c.published_at, v.c.gonetime.is_(None)),
        ),
        "dependencies": (
            needs,
            (p.c.import_id, v.c.version, d.c.position, d.c.name, needed.c.import_id),
        ),
        "provides": (
            of_version.join(o, o.c.version_id == v.c.Id),
            (p.c.import_id, v.c.version, o.c.name),
        ),
        "edges": (
            edges,
            (p.c.import_id, needed.c.import_id, e.c.kind, e.c.alternative, e.c.isvirtual),
        ),
        "repositories": (
            sa.join(tables.packagerepos, p, p.c.Id == tables.packagerepos.c.package_id),
            (p.c.import_id, tables.packagerepos.c.repo, tables.packagerepos.c.proof),
        ),
        # Of two of one name the one that came last has it: so their order is a part of it.
        "order": (p, (p.c.Id, p.c.import_id)),
    }
    there = {
        name: sorted(rows(engine, sa.select(*some).select_from(source)), key=repr)
        for name, (source, some) in columns.items()
    }
    there["order"] = [(own,) for _, own in sorted(there["order"])]
    scores = rows(engine, sa.select(p.c.import_id, p.c.score, p.c.dependents))
    there["scores"] = sorted(
        (own, score and round(score, 9), number) for own, score, number in scores
    )
    return there


def differing(
    own: dict[str, list[tuple]], other: dict[str, list[tuple]]
) -> dict[str, tuple[list[tuple], list[tuple]]]:
    """Return the rows that only one of two stores has, by their table."""
    return {
        name: (
            [row for row in own[name] if row not in other[name]],
            [row for row in other[name] if row not in own[name]],
        )
        for name in own
        if own[name] != other[name]
    }


@pytest.mark.parametrize("seed", range(count(3, 200)))
def test_load_that_is_cut_and_killed_anywhere_leaves_what_an_undisturbed_one_does(
    engine: sa.Engine, tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
):
    draw = random.Random(seed)
    manifest, lines = write_feed(tmp_path, ""), [draw_load(draw), draw_load(draw)]
    # Where fewer than half came the load fails, and another follows.
    lines[1:] = [[*lines[1], whole("packages"), whole("versions")], [*lines[0], *lines[1]]]
    with scratch() as other:
        undisturbed = [load(other, manifest, whole_text(some), ends=True) for some in lines]
        follow_day(other)
        expected = contents(other)
    monkeypatch.setattr(loading, "BATCH", draw.randint(1, 9))
    monkeypatch.setattr(loading, "LONGEST_LIST", draw.randint(1, 3))
    disturbed = [
        load_disturbed(engine, manifest, some, draw, is_first=at == 0)
        for at, some in enumerate(lines)
    ]
    assert disturbed == undisturbed
    follow_day(engine)
    assert differing(contents(engine), expected) == {}
