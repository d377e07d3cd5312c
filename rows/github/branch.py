"""Pushes, `create` and `delete` events, and the API's branch list -> branches.

Commit times are the author's to choose, and `create` and `delete` carry no time at all: only
`repository.pushed_at` orders what happened to a branch.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rows import Row, fields, version
from rows.github.repo import Repository
from rows.source_record import Push

PUSH, DELETION, API = 0, 1, 2
HEADS = "refs/heads/"


def branch_row(name: str, head: str | None, gone: datetime | None, order: bytes) -> Row:
    """Return a branch's row: where it points, or since when it is gone."""
    state = {"headhash": head, "deletetime": gone}
    return Row("branches", {"name": name, **state, "version": order})


def at_head(name: str, head: str | None, repo: Repository, rank: int) -> Row:
    """Return the row of a branch that exists."""
    return branch_row(name, head, None, version.timed("branches", repo.pushed, rank, (head, None)))


def deleted_row(name: str, repo: Repository, rank: int = DELETION) -> Row:
    """Return the row of a branch that is gone: it keeps its row, and has no head."""
    gone = repo.pushed or repo.seen
    order = version.timed("branches", repo.pushed, rank, (None, gone))
    return branch_row(name, None, gone, order)


def branch_of(ref: str) -> str | None:
    """Return the branch that a push's `ref` names, None for a tag."""
    return ref.removeprefix(HEADS) if ref.startswith(HEADS) else None


def pushed_row(payload: Mapping[str, Any], repo: Repository) -> Row | None:
    """Return the row of the branch a push moved, made or deleted; None for a tag."""
    ref = fields.needed(fields.text(payload, "ref", "push"), "push", "ref")
    name, head = branch_of(ref), fields.sha(payload, "after", "push")
    if name is None:
        return None
    if fields.flag(payload, "deleted", "push") or head is None:
        return deleted_row(name, repo)
    return at_head(name, head, repo, PUSH)


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


def named_row(payload: Mapping[str, Any], repo: Repository, event: str) -> Row | None:
    """Return the row of a branch that was created or deleted; None for a tag.

    These events name the branch without `refs/heads/` and carry no head, so a created branch
    is a stub until its push is known.
    """
    kind = fields.needed(fields.text(payload, "ref_type", event), event, "ref_type")
    name = fields.needed(fields.text(payload, "ref", event), event, "ref")
    if kind != "branch":
        return None
    if event == "delete":
        return deleted_row(name, repo)
    return Row("branches", {"name": name, "version": version.STUB})


def listed_row(branch: Mapping[str, Any], repo: Repository) -> Row:
    """Return the row of a branch as the API lists it."""
    name = fields.needed(fields.text(branch, "name", "branch"), "branch", "name")
    commit = fields.child(branch, "commit", "branch") or {}
    head = fields.needed(fields.sha(commit, "sha", "branch.commit"), "branch.commit", "sha")
    return at_head(name, head, repo, API)
