"""Pure: what turned -> the words of one message, for people and for programs."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from config.calendar import Calendar
from rows.one_line import one_line
from rows.sources import UNNAMED
from store.history.turn_facts import Turn
from store.state.alerts import RED

MOST = 20
"""How many causes a message has in words."""
NAMED = 5
"""How many repositories of one cause."""
LONGEST = 160


class Place(NamedTuple):
    """Where people reach the pages, None where nobody said, and the clock they read."""

    address: str | None
    calendar: Calendar


class Line(NamedTuple):
    """What turned in words, where it leads, by what word, and how many turns it is of."""

    text: str
    link: str | None
    label: str = "Run"
    turns: int = 1


class Message(NamedTuple):
    """What is sent: a title, a line for each turn, and the turns as a program reads them."""

    title: str
    lines: tuple[Line, ...]
    more: int
    turns: tuple[dict[str, Any], ...]

    @property
    def text(self) -> str:
        """All of it as plain text."""
        lines = [self.title]
        for line in self.lines:
            lines.append(line.text)
            lines += [f"  {line.link}"] if line.link else []
        return "\n".join([*lines, *self.rest])

    @property
    def rest(self) -> tuple[str, ...]:
        """What says that not all are named."""
        return (f"and {self.more} more",) if self.more else ()

    def count_rest(self, shown: int) -> int:
        """Return how many are not named where only the first lines are shown."""
        return self.more + sum(line.turns for line in self.lines[shown:])


def write_message(turns: Sequence[Turn], place: Place) -> Message:
    """Return one message of several turns, what is red first."""
    ordered = sorted(turns, key=lambda turn: (turn.turn != RED, turn.repository.casefold()))
    facts = tuple(facts_of(turn, place.address) for turn in ordered)
    causes = group_causes(ordered)
    shown = tuple(write_line(cause, place) for cause in causes[:MOST])
    more = sum(len(cause) for cause in causes[MOST:])
    return Message(title_of(ordered), shown, more, facts)


def group_causes(turns: Sequence[Turn]) -> list[list[Turn]]:
    """Return turns by what they have in common: those one way by one error, others alone."""
    causes: dict[object, list[Turn]] = {}
    for place, turn in enumerate(turns):
        key = place if turn.fingerprint is None else (turn.turn, turn.fingerprint)
        causes.setdefault(key, []).append(turn)
    return sorted(causes.values(), key=lambda cause: -len(cause))


def write_line(cause: Sequence[Turn], place: Place) -> Line:
    """Return the line of turns of one cause: where it is, since when, and what it says."""
    first = min(cause, key=lambda turn: turn.since)
    if len(cause) == 1:
        is_night = first.night is not None and place.address is not None
        label = "Night" if is_night else "Run"
        return Line(describe(first, place.calendar), link_of(first, place.address), label)
    where = f"{list_names(turn.repository for turn in cause)}: {len(cause)} workflows"
    if first.turn == RED:
        text = f"RED {where}, since {clock(first.since, place.calendar)}"
    else:
        lasted = max((turn.lasted for turn in cause if turn.lasted), default=None)
        text = f"GREEN {where}, were red"
        text += f" for up to {span(lasted.total_seconds())}" if lasted else ""
    text += f": {cut(first.error or '?')}{tell_still(first)}"
    link = link_of(first, place.address)
    if place.address is not None:
        link = f"{place.address}/errors/{quote(first.fingerprint or '', safe='')}"
        return Line(text, link, "Error", len(cause))
    return Line(text, link, turns=len(cause))


def list_names(repos: Iterable[str]) -> str:
    """Return the names of repositories, each once, NAMED of them at most."""
    names = list(dict.fromkeys(repos))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


def tell_still(turn: Turn) -> str:
    """Return where the error of a branch that is green again keeps others red."""
    return f"; still red by the same error: {list_names(turn.still)}" if turn.still else ""


def title_of(turns: Sequence[Turn]) -> str:
    """Return what turned, in a few words."""
    if len(turns) == 1:
        turn = turns[0]
        if turn.night is not None:
            return f"{turn.repository}: {name_of(turn)} did not run"
        state = "is red" if turn.turn == RED else "is green again"
        return f"{turn.repository}: {name_of(turn)} {state} on {cut(turn.branchname or '?')}"
    red = sum(turn.turn == RED for turn in turns)
    green = len(turns) - red
    red_text = f"{red} {'workflow' if red == 1 else 'workflows'} turned red"
    green_text = f"{green} {'is' if green == 1 else 'are'} green again"
    said = " and ".join(([red_text] if red else []) + ([green_text] if green else []))
    return f"Default branches: {said}"


def describe(turn: Turn, calendar: Calendar) -> str:
    """Return a turn in words."""
    name = f"{turn.repository}: {name_of(turn)} on {cut(turn.branchname or '?')}"
    if turn.turn != RED:
        lasted = f", was red for {span(turn.lasted.total_seconds())}" if turn.lasted else ""
        return f"GREEN {name}{lasted}{tell_still(turn)}"
    if turn.night is not None:
        expected = clock(turn.since, calendar)
        return f"RED {turn.repository}: {name_of(turn)} was expected {expected}, and did not run"
    by = f" by {cut(turn.author, 60)}" if turn.author else ""
    why = f": {cut(turn.error)}" if turn.error else ""
    return f"RED {name}, since {clock(turn.since, calendar)}{by}{why}"


def facts_of(turn: Turn, address: str | None) -> dict[str, Any]:
    """Return a turn as JSON has it; times are UTC."""
    lasted = turn.lasted.total_seconds() if turn.lasted else None
    return {
        "state": turn.turn,
        "repository": turn.repository,
        "workflow": turn.workflow,
        "workflow_id": turn.workflowgitid if turn.workflowgitid >= 0 else None,
        "branch": turn.branchname,
        "run_id": turn.rungitid if turn.night is None else None,
        "run_url": turn.url,
        "page": page_of(turn, address),
        "commit": turn.commithash,
        "author": turn.author,
        "red_since": f"{turn.since:%Y-%m-%dT%H:%M:%SZ}",
        "red_seconds": lasted,
        "error": turn.error,
        "fingerprint": turn.fingerprint,
        "still_red": list(turn.still),
        "missed_night": None if turn.night is None else f"{turn.night}",
    }


def link_of(turn: Turn, address: str | None) -> str | None:
    """Return where a turn leads: to our page of its run, else to the run at its server."""
    return page_of(turn, address) or turn.url


def page_of(turn: Turn, address: str | None) -> str | None:
    """Return the address of our page of the run, None where nobody said where pages are."""
    if address is None:
        return None
    if turn.night is not None:
        return f"{address}/nights/{turn.repoid}/{turn.night}"
    return f"{address}/runs/{quote(turn.provider, safe='')}/{turn.rungitid}"


def name_of(turn: Turn) -> str:
    """Return what to call a workflow."""
    return cut(turn.workflow or UNNAMED)


def cut(text: str, most: int = LONGEST) -> str:
    """Return a text of others as one line, not too long."""
    line = one_line(text.strip())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def clock(moment: datetime, calendar: Calendar) -> str:
    """Return a UTC time on the clock of the zone."""
    there = calendar.local(moment)
    return f"{there.day} {there:%b %H:%M} {calendar.zone.key}"


def span(seconds: float) -> str:
    """Return how long something lasted."""
    minutes = max(1, round(seconds / 60))
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    said = [f"{number} {unit}" for number, unit in parts if number]
    return " ".join(said[:2])
