"""Pure: values as people read them; these are the filters of the templates."""

import json
from datetime import date, datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

from rows.one_line import one_line, visible
from rows.sources import source_of

DASH = "\u2013"

TONES = {
    "success": "passed",
    "failure": "failed",
    "timed_out": "failed",
    "startup_failure": "failed",
    "cancelled": "warned",
    "neutral": "warned",
    "stale": "warned",
    "action_required": "warned",
    "skipped": "nothing",
}
"""Which shape and colour a conclusion has."""


def tone(conclusion: str | None, status: str | None = "completed") -> str:
    """Return the shape and colour of a run, job or step."""
    if conclusion:
        return TONES.get(conclusion, "warned")
    return "nothing" if status == "completed" else "running"


def ended(conclusion: str | None, status: str | None = None) -> str:
    """Return how something ended, or what it does, in words."""
    return (conclusion or status or "unknown").replace("_", " ")


def span(seconds: float | None) -> str:
    """Return a span in its two greatest units: 12 s, 3 min 20 s, 2 h 05 min, 3 d 4 h."""
    if seconds is None:
        return DASH
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h"


def ago(moment: datetime | None, now: datetime) -> str:
    """Return how long ago a time was, in its greatest unit; a clock may be ahead of ours."""
    if moment is None:
        return "never"
    seconds = (now - moment).total_seconds()
    if seconds < -3600:
        return "in the future"
    if seconds < 45:
        return "just now"
    for size, unit in ((86_400 * 2, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            length = 86_400 if unit == "d" else size
            return f"{int(seconds // length)} {unit} ago"
    return "1 min ago"


def number(value: float, places: int = 0) -> str:
    """Return a number with thin spaces between the thousands."""
    return f"{value:,.{places}f}".replace(",", "\u202f")


def count(value: int, singular: str, many: str | None = None) -> str:
    """Return a number with its noun: 1 job, 2 jobs."""
    return f"{number(value)} {singular if value == 1 else many or singular + 's'}"


def vendor(provider: str) -> str:
    """Return the name that people read for a run's or a repository's vendor."""
    return source_of(provider).title


def pull_kind(provider: str) -> str:
    """Return what people call a pull request there."""
    return source_of(provider).pull_kind


def pull_number(number: int, provider: str) -> str:
    """Return the number of a pull request as its vendor writes it: #7, or !7."""
    return f"{source_of(provider).pull_mark}{number}"


def https(url: str | None) -> str | None:
    """Return a link that a page may hold, else None: https, with a host, nothing else."""
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme == "https" and parts.hostname else None


def short(sha: str | None) -> str:
    """Return the first letters of a commit's hash."""
    return (sha or "")[:9]


def known(value: object) -> object:
    """Return a value as a page shows it: nothing for what is not known, never `None`."""
    if type(value) is str and not value.isprintable():  # not Markup, which a template wrote
        return visible(value)
    return "" if value is None else value


def first_line(text: str | None, most: int = 120) -> str:
    """Return the first line of a text, cut where it is too long."""
    lines = (one_line(line).strip() for line in (text or "").splitlines())
    line = next(filter(None, lines), "")  # a line of signs without a shape is none
    return line if len(line) <= most else f"{line[: most - 1]}…"


def listed(text: str | None) -> str:
    """Return a JSON list of words as people write one, any other text as it is."""
    try:
        words = json.loads(text or "[]")
    except ValueError:
        words = text
    return ", ".join(map(str, words)) if isinstance(words, list) else text or ""


def night(day: date) -> str:
    """Return a night's name: Sat 21 Nov."""
    return f"{day:%a} {day.day} {day:%b}"


def night_span(day: date) -> str:
    """Return a night by both its days: 27-28 Nov, or 30 Nov - 1 Dec."""
    eve = day - timedelta(days=1)
    first = f"{eve.day}-" if eve.month == day.month else f"{eve.day} {eve:%b} - "
    return f"{first}{day.day} {day:%b}"


def query(path: str, /, **values: object) -> str:
    """Return a path with those of the values that are not empty."""
    pairs = [
        (name, str(item))
        for name, value in values.items()
        for item in (value if isinstance(value, list | tuple) else [value])
        if item not in (None, "", False)
    ]
    return f"{quote(path)}?{urlencode(pairs)}" if pairs else quote(path)
