"""Pushes, `create` and `delete` events, and the API's branch list -> branches.

Commit times are the author's to choose, and `create` and `delete` carry no time at all: only
`repository.pushed_at` orders what happened to a branch, and within one of its seconds the moves
do (`rows.branch_moves`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rows import Row, fields, version
from rows.branch_moves import NO_COMMIT, READ, UNTOLD, Move
from rows.source_record import Push, Repository

PUSH, DELETION, API = 0, 1, 2
HEADS = "refs/heads/"


def branch_rows(
    name: str, head: str | None, repo: Repository, rank: int, before: str = READ
) -> list[Row]:
    """Return a branch's row, where it points or since when it is gone, and the move that led there.

    Without the time of the repository's last push nothing says when it moved.
    """
    gone = None if head else repo.pushed or repo.seen
    state = {"headhash": head, "deletetime": gone}
    order = version.timed("branches", repo.pushed, rank, state.values())
    row = Row("branches", {"name": name, **state, "version": order})
    if repo.pushed is None:
        return [row]
    move = Move(repo.pushed, before, head or NO_COMMIT)
    return [row, Row("branchmoves", {"name": name, **move._asdict()})]


def branch_of(ref: str) -> str | None:
    """Return the branch that a push's `ref` names, None for a tag."""
    return ref.removeprefix(HEADS) if ref.startswith(HEADS) else None


def pushed_rows(payload: Mapping[str, Any], repo: Repository) -> list[Row]:
    """Return the rows of the branch a push moved, made or deleted; none for a tag."""
    ref = fields.needed(fields.text(payload, "ref", "push"), "push", "ref")
    name, head = branch_of(ref), fields.sha(payload, "after", "push")
    if name is None:
        return []
    if fields.flag(payload, "deleted", "push"):
        head = None
    before = fields.sha(payload, "before", "push") or NO_COMMIT
    return branch_rows(name, head, repo, PUSH if head else DELETION, before)


def push_of(payload: Mapping[str, Any]) -> Push | None:
    """Return what a push did to a branch, None for a tag. Raises Unmappable."""
    branch = branch_of(fields.needed(fields.text(payload, "ref", "push"), "push", "ref"))
    if branch is None:
        return None
    before, after = (fields.sha(payload, name, "push") for name in ("before", "after"))
    commits = fields.children(payload, "commits", "push")
    hashes = [fields.sha(commit, "id", "commits") for commit in commits]
    forced = bool(fields.flag(payload, "forced", "push"))
    return Push(branch, before, after, tuple(filter(None, hashes)), forced)


def named_rows(payload: Mapping[str, Any], repo: Repository, event: str) -> list[Row]:
    """Return the rows of a branch that was created or deleted; none for a tag.

    These events name the branch without `refs/heads/` and carry no head, so a created branch
    is a stub until its push is known.
    """
    kind = fields.needed(fields.text(payload, "ref_type", event), event, "ref_type")
    name = fields.needed(fields.text(payload, "ref", event), event, "ref")
    if kind != "branch":
        return []
    if event == "delete":
        return branch_rows(name, None, repo, DELETION, UNTOLD)
    return [Row("branches", {"name": name, "version": version.STUB})]


def listed_rows(branch: Mapping[str, Any], repo: Repository) -> list[Row]:
    """Return the rows of a branch as the API lists it."""
    name = fields.needed(fields.text(branch, "name", "branch"), "branch", "name")
    commit = fields.child(branch, "commit", "branch") or {}
    head = fields.needed(fields.sha(commit, "sha", "branch.commit"), "branch.commit", "sha")
    return branch_rows(name, head, repo, API)


def unlisted_rows(branch: Mapping[str, Any], repo: Repository) -> list[Row]:
    """Return the rows of a branch that the API's list no longer has."""
    name = fields.needed(fields.text(branch, "name", "branch"), "branch", "name")
    return branch_rows(name, None, repo, API)
