"""What records may say: the streams, their columns, and what each column holds."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

LONGEST_KEY = 512
MOST = 2**63 - 1
FIRST_YEAR = 1000
"""MySQL's DATETIME holds none before."""


class WrongValue(ValueError):
    """Why a value does not fit its column."""


class Stream(NamedTuple):
    """A kind of records: what checks each column, and those that a record must have."""

    columns: Mapping[str, Callable[[Any], Any]]
    keys: tuple[str, ...]
    defaults: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Text:
    """Checks a text of at most, and at least, so many letters."""

    most: int
    least: int = 0

    def __call__(self, value: Any) -> str:
        if type(value) is str and self.least <= len(value) <= self.most and "\0" not in value:
            return value
        if type(value) is not str:
            raise WrongValue(f"is {called(value)}, not text")
        if len(value) > self.most:
            raise WrongValue(f"is longer than {self.most} letters")
        raise WrongValue("holds U+0000" if "\0" in value else "is empty")


def name(most: int = LONGEST_KEY) -> Text:
    """Return what checks a text that names something, so is not empty."""
    return Text(most, least=1)


def whole(value: Any) -> int:
    """Check a whole number that a database holds; JSON's of more than 64 bits came as others."""
    if isinstance(value, float) and value.is_integer() and abs(value) > MOST:
        raise WrongValue("is too large")
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongValue(f"is {called(value)}, not a whole number")
    if not -MOST <= value <= MOST:
        raise WrongValue("is too large")
    return value


def small(value: Any) -> int:
    """Check a place in a list."""
    if not 0 <= whole(value) < 2**31:
        raise WrongValue("is not from 0 to 2147483647")
    return int(value)


def number(value: Any) -> float:
    """Check a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongValue(f"is {called(value)}, not a number")
    if abs(value) > 1e308:
        raise WrongValue("is too large")
    return float(value)


def flag(value: Any) -> bool:
    """Check true or false."""
    if not isinstance(value, bool):
        raise WrongValue(f"is {called(value)}, not true or false")
    return value


FORM = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?"
)
SHORT_ZONE = re.compile(r"[+-]\d\d\Z")


def moment(value: Any) -> datetime:
    """Return a time in UTC without zone; one that names no zone is in UTC."""
    if not isinstance(value, str) or not FORM.fullmatch(value):
        raise WrongValue(f"is {called(value)}, not a time as in 2026-11-23T00:00:00Z")
    spelled = f"{value}:00" if SHORT_ZONE.search(value) and len(value) > len("2026-11") else value
    try:
        time = datetime.fromisoformat(value if len(value) == len("2026-11-23") else spelled)
        time = time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time
    except (ValueError, OverflowError):
        raise WrongValue("is no time of the calendar") from None
    if time.year < FIRST_YEAR:
        raise WrongValue(f"is before the year {FIRST_YEAR}")
    return time


def labels(value: Any) -> dict[str, str]:
    """Check names with a text each."""
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise WrongValue(f"is {called(value)}, not an object of texts")
    for each in (*value, *value.values()):
        Text(LONGEST_KEY)(each)
    return value


def json_object(value: Any) -> dict[str, Any]:
    """Check an object, whatever it holds: who reads it judges that."""
    if not isinstance(value, dict):
        raise WrongValue(f"is {called(value)}, not an object")
    return value


def one_of(*words: str) -> Callable[[Any], str]:
    """Return what checks one of some words."""

    def check(value: Any) -> str:
        if value not in words:
            raise WrongValue(f"is not one of {', '.join(words)}")
        return str(value)

    return check


def called(value: Any) -> str:
    """Return what JSON calls a value's type."""
    kinds = {bool: "true or false", int: "a number", float: "a number", str: "a text"}
    kinds |= {list: "a list", dict: "an object", type(None): "null"}
    return kinds.get(type(value), type(value).__name__)


LONG = Text(1_000_000)
OF_VERSION = {"manager": name(64), "package": name(), "version": name(255)}

STREAMS: dict[str, Stream] = {
    "packages": Stream(
        {
            "manager": name(64),
            "name": name(),
            "import_id": name(),
            "readme": LONG,
            "latestversion": Text(255),
            "mine": flag,
        },
        ("name",),
    ),
    "versions": Stream(
        {
            **OF_VERSION,
            "import_id": Text(LONGEST_KEY),
            "size": whole,
            "published_at": moment,
            "license": Text(64),
            "downloads": whole,
            "checksum": Text(255),
            "yanked": flag,
            "yankreason": LONG,
            "commithash": Text(64),
        },
        ("package", "version"),
    ),
    "dependencies": Stream(
        {
            **OF_VERSION,
            "kind": name(64),
            "position": small,
            "alternative": small,
            "name": name(),
            "range": Text(LONGEST_KEY),
            "onlyif": Text(LONGEST_KEY),
        },
        ("package", "version", "position", "name"),
        {"alternative": 0, "kind": "runtime", "range": None, "onlyif": None},
    ),
    "provides": Stream(
        {**OF_VERSION, "name": name(), "provided": Text(255)},
        ("package", "version", "name"),
        {"provided": None},
    ),
    "package_urls": Stream(
        {"manager": name(64), "package": name(), "type": name(64), "url": name()},
        ("package", "type", "url"),
    ),
    "points": Stream(
        {"series": name(), "time": moment, "value": number, "labels": labels},
        ("series", "time"),
    ),
    "objects": Stream(
        {
            "vendor": name(64),
            "kind": one_of("repository", "workflow", "workflow_run", "workflow_job"),
            "object": json_object,
            "repository": json_object,
        },
        ("vendor", "kind", "object", "repository"),
    ),
}
"""The streams that are known, in the order in which their rows name each other."""
