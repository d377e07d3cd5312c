"""Tell stubs, rows that say little more than their key, from others: their version is empty."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rows.version import STUB

Values = dict[str, Any]


def split_stubs(rows: Iterable[Values]) -> tuple[list[Values], list[Values]]:
    """Return the stubs among rows, and the others."""
    stubs, others = list[Values](), list[Values]()
    for values in rows:
        (others if values["version"] != STUB else stubs).append(values)
    return stubs, others


def distinct(rows: Iterable[Values]) -> list[Values]:
    """Return the rows, each stub once: every job of a page brings the same one of its run."""
    stubs, others = dict[tuple[Any, ...], Values](), list[Values]()
    for values in rows:
        if values.get("version"):
            others.append(values)
        else:
            stubs[tuple(values.items())] = values
    return [*stubs.values(), *others]
