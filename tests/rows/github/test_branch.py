"""Pushes, creations, deletions and the API's list -> branches."""

from datetime import datetime
from typing import Any

import pytest

from rows import Unmappable
from rows.github.events import rows_read
from tests.rows.objects import NOON, PUSH, REPOSITORY, SHA, mapped, of_table, only, tables, unread

ZEROS = "0" * 40
DELETED = {"after": ZEROS, "deleted": True, "created": False, "commits": [], "head_commit": None}
NAMES = ["main", "feature/a", "refs/heads/odd", "é", "a ", "😀", "x" * 255, "HEAD", "deps/x@1.0+b"]


def push(**changes: Any) -> Any:
    return mapped("push", {**PUSH, **changes})


def branch(found: Any) -> dict[str, Any]:
    """Return the branch's row without its version."""
    return {**only(found, "branches"), "version": b""}


def order(found: Any) -> bytes:
    version = only(found, "branches")["version"]
    assert isinstance(version, bytes)
    return version


def read(kind: str, value: Any, **repository: Any) -> Any:
    return rows_read(kind, {"branch": value, "repository": {**REPOSITORY, **repository}})


@pytest.mark.parametrize("name", NAMES)
def test_push_moves_the_branch_to_its_head(name: str):
    assert branch(push(ref=f"refs/heads/{name}")) == {
        "name": name,
        "headhash": SHA,
        "deletetime": None,
        "version": b"",
    }


def test_push_of_a_sha256_repository_keeps_the_whole_hash():
    head = "a" * 64
    assert branch(push(after=head, commits=[], head_commit=None))["headhash"] == head


@pytest.mark.parametrize("ref", ["refs/tags/v1", "refs/tags/refs/heads/main", "refs/notes/x", ""])
def test_push_of_anything_but_a_branch_makes_no_branch(ref: str):
    assert of_table(push(ref=ref), "branches") == []


def test_push_of_a_tag_brings_the_tag_and_its_commit():
    assert tables(push(ref="refs/tags/v1", commits=[])) == ["tagpushes", "commits"]


@pytest.mark.parametrize(
    "changes", [DELETED, {**DELETED, "deleted": None}, {**DELETED, "after": SHA}]
)
def test_deletion_keeps_the_branch_without_a_head(changes: Any):
    assert branch(push(**changes)) == {
        "name": "main",
        "headhash": None,
        "deletetime": NOON,
        "version": b"",
    }


def test_deletion_in_a_repository_without_push_time_is_dated_by_its_update():
    found = mapped("push", {**PUSH, **DELETED}, pushed_at=None)
    assert branch(found)["deletetime"] == datetime(2026, 3, 1)


def test_deletion_is_dated_by_the_push_not_by_a_later_update_of_the_repository():
    found = mapped("push", {**PUSH, **DELETED}, updated_at="2026-03-03T00:00:00Z")
    assert branch(found)["deletetime"] == NOON


def test_create_of_a_branch_is_a_stub():
    found = mapped("create", {"ref": "topic", "ref_type": "branch"})
    assert only(found, "branches") == {"name": "topic", "version": b""}


def test_delete_of_a_branch_says_the_same_as_the_push_that_deletes_it():
    event = mapped("delete", {"ref": "main", "ref_type": "branch"})
    assert only(event, "branches") == only(push(**DELETED), "branches")


@pytest.mark.parametrize("event", ["create", "delete"])
def test_tag_that_comes_or_goes_makes_no_branch(event: str):
    assert tables(mapped(event, {"ref": "v1", "ref_type": "tag"})) == []


@pytest.mark.parametrize("event", ["create", "delete"])
@pytest.mark.parametrize("key", ["ref", "ref_type"])
def test_create_or_delete_without_what_names_the_branch_is_refused(event: str, key: str):
    with pytest.raises(Unmappable, match=f"^{event}.{key}: is missing$"):
        mapped(event, {"ref": "topic", "ref_type": "branch", key: None})


def test_push_without_a_ref_is_refused():
    with pytest.raises(Unmappable, match=r"^push\.ref: is missing$"):
        push(ref=None)


def test_listed_branch_says_the_same_as_its_push():
    listed = read("branch", {"name": "main", "commit": {"sha": SHA}, "protected": True})
    assert branch(listed) == branch(push())


def test_branch_no_longer_listed_says_the_same_as_its_deletion():
    assert branch(read("branch_gone", {"name": "main"})) == branch(push(**DELETED))


def test_push_is_older_than_a_deletion_and_both_than_a_read_within_one_second():
    # So many heads that their digests fall on both sides of the deletion's: the rank decides.
    heads = [f"{number:040x}" for number in range(1, 100)]
    pushes = [order(push(after=head)) for head in heads]
    listed = [order(read("branch", {"name": "main", "commit": {"sha": head}})) for head in heads]
    gone = order(read("branch_gone", {"name": "main"}))
    assert max(pushes) < order(push(**DELETED)) < min(*listed, gone)


def test_later_push_wins_over_an_earlier_read():
    listed = read("branch", {"name": "main", "commit": {"sha": SHA}})
    later = mapped("push", PUSH, pushed_at="2026-03-02T12:00:01Z")
    assert order(listed) < order(later)


def test_update_of_the_repository_does_not_order_its_branches():
    assert order(mapped("push", PUSH, updated_at="2026-09-09T00:00:00Z")) == order(push())


@pytest.mark.parametrize(
    ("kind", "value", "field"),
    [
        ("branch", None, "payload.branch"),
        ("branch", "main", "payload.branch"),
        ("branch", {"commit": {"sha": SHA}}, "branch.name"),
        ("branch", {"name": "main"}, "branch.commit.sha"),
        ("branch", {"name": "main", "commit": []}, "branch.commit.sha"),
        ("branch", {"name": "main", "commit": {"sha": ZEROS}}, "branch.commit.sha"),
        ("branch_gone", None, "payload.branch"),
        ("branch_gone", ["main"], "payload.branch"),
        ("branch_gone", {}, "branch.name"),
        ("branch_gone", {"name": ["main"]}, "branch.name"),
    ],
)
def test_read_branch_of_the_wrong_shape_names_its_field(kind: str, value: Any, field: str):
    assert field in unread(lambda: read(kind, value))


def edited(action: str = "edited", changes: Any = None, **repository: Any) -> Any:
    was = {"default_branch": {"from": "master"}} if changes is None else changes
    return mapped("repository", {"action": action, "changes": was}, **repository)


def test_branch_that_was_the_default_one_is_known_until_when():
    assert only(edited(), "branches") == {
        "name": "master",
        "version": b"",
        "defaultuntil": datetime(2026, 3, 1),
    }


@pytest.mark.parametrize(
    "changes", [{}, {"description": {"from": "master"}}, {"default_branch": {"from": None}}]
)
def test_other_changes_of_a_repository_tell_of_no_branch(changes: Any):
    assert tables(edited(changes=changes)) == []
    assert tables(edited("renamed")) == []


def test_change_without_a_time_tells_of_no_branch():
    assert tables(edited(updated_at=None)) == []
    assert unread(lambda: edited(changes={"default_branch": 5})) == ["changes.default_branch"]
