"""Pushes of branches and tags, which have no time of their own."""

from datetime import datetime
from typing import Any

from rows import Mapped
from rows.sources import source_of
from tests.rows.gitlab import payloads
from tests.rows.gitlab.payloads import SHA, Json

GITLAB = source_of("gitlab")
NOW = datetime(2021, 10, 7, 9, 0)


def told(event: str, payload: Json) -> Mapped:
    return GITLAB.rows_for(event, payload, None, NOW)


def rows_of(mapped: Mapped, table: str) -> list[dict[str, Any]]:
    return [row.values for row in mapped.rows if row.table == table]


def push(**changes: object) -> Json:
    values = {
        "object_kind": "push",
        "event_name": "push",
        "ref": "refs/heads/main",
        "before": "a" * 40,
        "after": SHA,
        "checkout_sha": SHA,
        "project_id": 7,
        "project": payloads.project(),
        "commits": [
            {
                "id": SHA,
                "message": "Mend it",
                "timestamp": "2021-10-07T10:00:00+02:00",
                "author": {"name": "Ana", "email": "[REDACTED]"},
            }
        ],
        "total_commits_count": 1,
    }
    return {**values, **changes}


def test_push_moves_its_branch_and_brings_commits_without_a_time():
    mapped = told("push", push())
    (branch,) = rows_of(mapped, "branches")
    assert (branch["name"], branch["headhash"], branch["deletetime"]) == ("main", SHA, None)
    (commit,) = rows_of(mapped, "commits")
    assert {name: commit[name] for name in commit if name != "version"} == {
        "hash": SHA,
        "author": "Ana",
        "message": "Mend it",
        "url": f"{payloads.PAGE}/-/commit/{SHA}",
    }


def test_push_of_zeros_is_the_end_of_a_branch():
    (branch,) = rows_of(told("push", push(after="0" * 40, checkout_sha=None)), "branches")
    assert (branch["headhash"], branch["deletetime"]) == (None, NOW)


def test_pushed_tag_is_kept_with_the_commit_that_it_stands_for():
    tag = push(object_kind="tag_push", event_name="tag_push", ref="refs/tags/v1", after="d" * 40)
    assert rows_of(told("tag_push", tag), "tagpushes") == [{"name": "v1", "time": NOW, "hash": SHA}]
    assert rows_of(told("tag_push", tag), "branches") == []


def test_push_tells_what_it_began_at_and_when_it_was_heard_of():
    assert rows_of(told("push", push(before="0" * 40)), "branchmoves") == [
        {"name": "main", "time": NOW, "beforehash": "", "afterhash": SHA}
    ]
    assert rows_of(told("push", push(before=None)), "branchmoves") == []
