"""How long lines of a table were red in many days: those before a border are kept as they add up.

They are kept by the turns of each day (store.figures.red_sums says what is known of them).
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import orjson

from store.figures import figure_days, red_sums, red_time
from store.figures.red_sums import Halves, KeyOf, RedPast, RedTables
from store.figures.red_time import RedWalk
from store.figures.shown_days import LINE, Figured, ShownFigures
from store.rollups.day_parts import TURNS_PART
from store.rollups.figures import DayFigures, from_text
from store.rollups.kept_spans import BLOCK, Block, Said, find_kept, keep_value, read_kept

OPEN = 2
"""The last days change all the time: the border of red times is before them."""


def list_turns(
    figures: ShownFigures, days: Sequence[Figured], *, of_jobs: bool
) -> list[DayFigures]:
    """Return days with when workflows, or jobs, turned red and green: kept of the newest ones."""
    rolled = [day.rolled for day in days if day.rolled]

    def read(begins: Sequence[datetime]) -> dict[datetime, Said]:
        told = read_turns(figures, begins, of_jobs=of_jobs)
        return {begin: Said(keep_turns(day), LINE * len(day.flows)) for begin, day in told}

    if len(days) > OPEN:
        made = dict(read_turns(figures, [day.begin for day in rolled], of_jobs=of_jobs))
    else:
        made = read_kept(figures.connection, rolled, ("turns", figures.number, of_jobs), read)
    return [day.counted or made[day.begin] for day in days]


def keep_turns(day: DayFigures) -> DayFigures:
    """Return a day with what is told of turns alone."""
    return DayFigures(flows=day.flows, tags=day.tags, red=day.red, green=day.green, turns=day.turns)


def read_turns(
    figures: ShownFigures, begins: Sequence[datetime], *, of_jobs: bool
) -> list[tuple[datetime, DayFigures]]:
    """Return what roll-ups say of when workflows, or jobs, turned, by the begin of the day."""
    if of_jobs:
        texts = figure_days.list_part_texts(figures.connection, begins, TURNS_PART, figures.number)
        return [(begin, DayFigures(turns=figure_days.decode_turns(text))) for begin, text in texts]
    texts = figure_days.list_figure_texts(figures.connection, begins, figures.number)
    return [(begin, from_text(text, with_medians=False)) for begin, text in texts]


def sum_red(
    figures: ShownFigures, halves: Halves, keys: Mapping[str, KeyOf], *, of_jobs: bool
) -> RedTables:
    """Return the red times of both halves, by the lines of each table in `keys`.

    Those of all tables are added up together: a walk through the days makes most of it.
    """
    walk_on = red_time.walk_jobs if of_jobs else red_time.walk_flows
    settled = len(figures.days) - OPEN
    settled = next((n for n, day in enumerate(figures.days) if not day.rolled), settled)
    settled = max(min(settled, len(figures.days) - OPEN), 0)
    rest = list_turns(figures, figures.days[settled:], of_jobs=of_jobs)
    border = red_sums.seconds_of(figures.days[settled].begin)
    turned = (red_time.find_first_turn(day) for day in rest)
    first = min((second for second in turned if second is not None), default=border)
    if settled < BLOCK or min(first, halves[1][1]) < border:  # few days, or clocks that lie
        settled, border = 0, red_sums.seconds_of(figures.days[0].begin)
        rest = list_turns(figures, figures.days, of_jobs=of_jobs)
        pasts = dict.fromkeys(keys, RedPast(min(border, halves[0][0]), {}, [], {}))
    else:
        pasts = find_past(figures, settled, halves, keys, of_jobs=of_jobs)
    (past, *_) = pasts.values()  # all share what goes on
    spans = red_sums.go_on(past, halves[1][1], lambda walk: walk_on(walk, rest))
    return RedTables(pasts, spans, keys, halves)


def find_past(
    figures: ShownFigures,
    settled: int,
    halves: Halves,
    keys: Mapping[str, KeyOf],
    *,
    of_jobs: bool,
) -> dict[str, RedPast]:
    """Return what is known at the border after some days, by table, which is kept by their turns.

    Most of what makes a day anew is no turn: that is told by a digest of each day's.
    """
    days, border = figures.days[:settled], red_sums.seconds_of(figures.days[settled].begin)
    made = [day.rolled for day in days if day.rolled]
    turned, walk = ("turned", figures.number, of_jobs), RedWalk()
    walk_on = red_time.walk_jobs if of_jobs else red_time.walk_flows

    def read(begins: Sequence[datetime]) -> dict[datetime, Said]:
        return {
            begin: Said(digest_turns(day), LINE)
            for begin, day in read_turns(figures, begins, of_jobs=of_jobs)
        }

    def add_up() -> dict[str, RedPast]:
        for place in range(0, len(made), BLOCK):
            own = [day.begin for day in made[place : place + BLOCK]]
            told = read_turns(figures, own, of_jobs=of_jobs)
            walk_on(walk, [day for _, day in told])
            digested.update((begin, Said(digest_turns(day), LINE)) for begin, day in told)
        # Up to now is up to the border here: now is no earlier.
        return red_sums.add_up_past(walk, border, keys, (halves[0], (halves[1][0], border)))

    digested: dict[datetime, Said] = {}
    past: dict[str, RedPast] | None = None
    if len(find_kept(figures.connection, made, turned)) < len(made) - BLOCK:
        past = add_up()  # whose digests came with it

    def read_or_find(begins: Sequence[datetime]) -> dict[datetime, Said]:
        return {begin: digested[begin] for begin in begins} if past else read(begins)

    def say() -> Said:
        tables = past or add_up()
        lines = sum(len(table.sums) for table in tables.values())
        (table, *_) = tables.values()  # all share the rest
        return Said(tables, LINE * (lines + len(table.red) + len(table.late)))

    digests = read_kept(figures.connection, made, turned, read_or_find)
    version = (halves[0], halves[1][0], *(digests[day.begin] for day in made))
    block = Block(made[0].begin, version)
    subject = ("red", figures.number, settled, *keys)
    kept: dict[str, RedPast] = keep_value(figures.connection, subject, block, say)
    return kept


def digest_turns(day: DayFigures) -> bytes:
    """Return a digest of when workflows, or jobs, turned."""
    said = orjson.dumps([day.flows, day.tags, day.red, day.green, day.turns])
    return hashlib.blake2b(said, digest_size=16).digest()
