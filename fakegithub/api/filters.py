"""The filters of GET /repos/{owner}/{repo}/actions/runs.

https://docs.github.com/en/rest/actions/workflow-runs and, for `created`,
https://docs.github.com/en/search-github/getting-started-with-searching-on-github/understanding-the-search-syntax
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from fakegithub.world.entities import Run
from fakegithub.world.view import View

Matcher = Callable[[Run, str], bool]
MATCHERS: dict[str, Matcher] = {
    "actor": lambda run, value: (run.actor or "").lower() == value.lower(),
    "branch": lambda run, value: run.branch == value,
    "check_suite_id": lambda run, value: str(run.id * 2 + 11) == value,
    "event": lambda run, value: run.event == value,
    "head_sha": lambda run, value: run.sha == value,
    # Statuses and conclusions share this parameter; startup_failure is not among its values.
    "status": lambda run, value: value in (run.status, run.conclusion) and value != STARTUP,
}
STARTUP = "startup_failure"
DATE = re.compile(r"\d{4}-\d\d-\d\d")


def is_filtered(query: Mapping[str, str]) -> bool:
    """Tell whether a query has one of the filters that cap a list at 1,000 results."""
    return any(query.get(name) for name in ("created", *MATCHERS))


def runs(view: View, repo_id: int, query: Mapping[str, str]) -> Sequence[Run]:
    """Return the runs a query asks for, newest first; ValueError for a bad `created`."""
    first, last = span(query.get("created", ""))
    found: Sequence[Run] = view.runs(repo_id, first=first, last=last)
    for name, matches in MATCHERS.items():
        value = query.get(name)
        if value:
            found = [run for run in found if matches(run, value)]
    return found


def span(created: str) -> tuple[int | None, int | None]:
    """Return the first and last second of `created`, both included; None is open.

    Forms: `A..B`, `A..*`, `*..B`, `>=A`, `>A`, `<=A`, `<A`, `A`; A and B dates or ISO times.
    """
    if not created:
        return None, None
    if ".." in created:
        low, high = created.split("..", 1)
        return (None if low == "*" else bounds(low)[0], None if high == "*" else bounds(high)[1])
    sign = re.match(r"[<>]?=?", created)
    text = sign.group() if sign else ""
    low_second, high_second = bounds(created[len(text) :])
    spans: dict[str, tuple[int | None, int | None]] = {
        "": (low_second, high_second),
        ">=": (low_second, None),
        ">": (high_second + 1, None),
        "<=": (None, high_second),
        "<": (None, low_second - 1),
    }
    if text not in spans:
        raise ValueError(f"bad created filter {created!r}")
    return spans[text]


def bounds(text: str) -> tuple[int, int]:
    """Return the first and last second that a date (a whole day, UTC) or a time stands for."""
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    length = timedelta(days=1) if DATE.fullmatch(text) else timedelta(seconds=1)
    return int(moment.timestamp()), int((moment + length).timestamp()) - 1
