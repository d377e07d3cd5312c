"""Whatever stands in a field of a hook or an answer is read, noted, or named; nothing breaks."""

import copy
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest

from rows import Unmappable
from rows.sources import source_of
from tests.rows.gitlab import payloads, test_branch
from tests.rows.gitlab.payloads import Json

GITLAB = source_of("gitlab")
NOW = datetime(2026, 1, 1)
HOOK = payloads.pipeline(payloads.job(377, "unit"), payloads.job(378, "lint", "failed"))
ODD: tuple[object, ...] = (None, 5, -1, "x", [], {}, True, 2**70, [None], {"id": None}, "\ud800")
Path = tuple[str | int, ...]


def paths_of(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the way to everything in a payload."""
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for name, inner in parts:
        yield (*path, name)
        if isinstance(inner, dict | list):
            yield from paths_of(inner, (*path, name))


@pytest.mark.parametrize(
    ("door", "kind", "payload"),
    [
        ("hook", "pipeline", HOOK),
        ("hook", "build", payloads.build(HOOK, 378)),
        ("api", "pipeline", payloads.read_pipeline(HOOK)),
    ],
)
def test_odd_value_anywhere_breaks_nothing(door: str, kind: str, payload: Json):
    for path in paths_of(payload):
        for odd in ODD:
            changed = copy.deepcopy(payload)
            place: Any = changed
            for name in path[:-1]:
                place = place[name]
            place[path[-1]] = odd
            with suppress(Unmappable):
                if door == "hook":
                    GITLAB.rows_for(kind, changed, None, NOW)
                else:
                    GITLAB.rows_read(kind, changed, NOW)


def test_name_of_another_type_is_noted_and_the_job_is_kept():
    hook = copy.deepcopy(HOOK)
    hook["builds"][0]["name"] = ["unit"]
    mapped = GITLAB.rows_for("pipeline", hook, None, NOW)
    assert "builds.name" in str(mapped.notes)
    assert [row.values["gitid"] for row in mapped.rows if row.table == "jobs"] == [377, 378]


@pytest.mark.parametrize("odd", [None, "377", 1.5, -1])
def test_job_whose_id_cannot_be_read_costs_neither_the_pipeline_nor_other_jobs(odd: object):
    hook = copy.deepcopy(HOOK)
    hook["builds"][0]["id"] = odd
    mapped = GITLAB.rows_for("pipeline", hook, None, NOW)
    whole = GITLAB.rows_for("pipeline", HOOK, None, NOW)
    assert "builds.id" in str(mapped.notes)
    assert [row for row in whole.rows if row not in mapped.rows] == [
        row for row in whole.rows if row.values.get("gitid") == 377
    ]


def test_commit_whose_id_cannot_be_read_costs_neither_the_branch_nor_other_commits():
    push = test_branch.push()
    ids = [commit["id"] for commit in push["commits"]]
    odd = {**push, "commits": [{**push["commits"][0], "id": None}, *push["commits"]]}
    mapped = GITLAB.rows_for("push", odd, None, NOW)
    assert mapped.notes == ("commits.id: is missing",)
    assert [row.values["hash"] for row in mapped.rows if row.table == "commits"] == ids
    assert any(row.table == "branches" for row in mapped.rows)
