"""What a minute of a runner costs: the text of PRICES_FILE, else of prices.toml beside this file.

TOML: `date` says of when the prices are, `currency` in what; each of `[[runners]]` has a `name`,
`labels` (patterns, without regard to case), a `price` and a `multiplier` a minute. The first that
fits one of a job's labels counts, unless one of them is `self-hosted`.
"""

import tomllib
from collections.abc import Sequence
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

BUILT_IN = Path(__file__).with_name("prices.toml")
NAMES = ("name", "labels", "price", "multiplier")
OWN = "self-hosted"


class RunnerPrice(NamedTuple):
    """What a minute on a kind of runner costs; `labels` are patterns."""

    name: str
    labels: tuple[str, ...]
    price: float
    multiplier: float


class Prices(NamedTuple):
    """Prices of a date."""

    date: date
    currency: str
    runners: tuple[RunnerPrice, ...]
    is_own: bool = False
    """Whether they are those of PRICES_FILE."""

    def price_of(self, labels: Sequence[str]) -> RunnerPrice | None:
        """Return what a job with these labels pays, None where it is not hosted."""
        words = [label.lower() for label in labels]
        if OWN in words:
            return None
        return next(
            (
                runner
                for runner in self.runners
                if any(fnmatchcase(word, one.lower()) for one in runner.labels for word in words)
            ),
            None,
        )


def read_prices(text: str) -> Prices:
    """Return the prices of a file's text, empty for those built in. Raises ValueError."""
    try:
        table = tomllib.loads(text or BUILT_IN.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"is not TOML: {' '.join(str(error).split())}") from None
    if strange := sorted(table.keys() - {"date", "currency", "runners"}):
        raise ValueError(f"has {strange[0]!r}; known are date, currency, runners")
    when, currency = table.get("date"), table.get("currency", "USD")
    if type(when) is not date:
        raise ValueError("needs date = 2026-01-31, of when the prices are")
    if not isinstance(currency, str):
        raise ValueError('currency is a text, such as "USD"')
    runners = table.get("runners", [])
    if not isinstance(runners, list):
        raise ValueError("runners are tables: [[runners]]")
    return Prices(when, currency, tuple(read_runner(one) for one in runners), bool(text))


def read_runner(table: Any) -> RunnerPrice:
    """Return one price. Raises ValueError."""
    if not isinstance(table, dict):
        raise ValueError("runners are tables: [[runners]]")
    if strange := sorted(table.keys() - set(NAMES)):
        raise ValueError(f"[[runners]] has {strange[0]!r}; known are {', '.join(NAMES)}")
    name, labels = table.get("name"), table.get("labels")
    if not isinstance(name, str) or not name.strip():
        raise ValueError("each of [[runners]] needs a name")
    if not isinstance(labels, list) or not all(isinstance(one, str) and one for one in labels):
        raise ValueError(f'{name} needs labels = ["ubuntu-*", ...]')
    price, multiplier = table.get("price", 0), table.get("multiplier", 1)
    for key, value in (("price", price), ("multiplier", multiplier)):
        if type(value) not in (int, float) or not 0 <= value < 1e6:
            raise ValueError(f"{name}: {key} is a number that is not negative")
    return RunnerPrice(name, tuple(labels), float(price), float(multiplier))
