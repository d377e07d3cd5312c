"""Pushes, `create` and `delete` events, and the API's branch list -> branches.

Commit times are the author's to choose, and `create` and `delete` carry no time at all: only
`repository.pushed_at` orders what happened to a branch, and within one of its seconds the moves
do (`rows.branch_moves`).
"""

from collections.abc import Mapping
from typing import Any

from rows import Row, fields, version
from rows.branch_moves import NO_COMMIT, READ, UNTOLD, Move
from rows.source_record import Push, Repository

PUSH, DELETION, API = 0, 1, 2
HEADS, TAGS = "refs/heads/", "refs/tags/"


def branch_rows(
    name: str, head: str | None, repo: Repository, rank: int, before: str = READ
) -> list[Row]:
    """Return a branch's row, where it points or since when it is gone, and the move that led there.

    Without the time of the repository's last push nothing says when it moved.
    """
    gone = None if head else repo.pushed or repo.seen or repo.received
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
    """Return the rows of the branch a push moved, made or deleted, or of the tag it set."""
    ref = fields.key(fields.text, payload, "ref", "push")
    name, before, after = branch_of(ref), commit_of(payload, "before"), commit_of(payload, "after")
    if name is None:
        return tag_rows(ref, payload, repo)
    if fields.flag(payload, "deleted", "push"):
        after = NO_COMMIT
    if after is None:
        return [stub_of(name)]
    rows = branch_rows(name, after or None, repo, PUSH if after else DELETION, before or NO_COMMIT)
    return rows if before is not None else rows[:1]


def tag_rows(ref: str, payload: Mapping[str, Any], repo: Repository) -> list[Row]:
    """Return the row of a tag that a push made or moved; none for one that it deleted.

    What the tag points at may be an object of its own: the payload names the commit apart.
    """
    commit = fields.child(payload, "head_commit", "push") or {}
    head, name = fields.sha(commit, "id", "push.head_commit"), ref.removeprefix(TAGS)
    if not ref.startswith(TAGS) or not name or head is None or repo.pushed is None:
        return []
    return [Row("tagpushes", {"name": name, "time": repo.pushed, "hash": head})]


def commit_of(payload: Mapping[str, Any], key: str) -> str | None:
    """Return the commit that a push began or ended at, None where that is not known."""
    commit = fields.sha(payload, key, "push")
    value = payload.get(key)
    is_none = isinstance(value, str) and fields.NO_COMMIT.fullmatch(value) is not None
    return NO_COMMIT if commit is None and is_none else commit


def stub_of(name: str) -> Row:
    """Return the row of a branch of which nothing is known but its name."""
    return Row("branches", {"name": name, "version": version.STUB})


def push_of(payload: Mapping[str, Any]) -> Push | None:
    """Return what a push did to a branch, None for a tag. Raises Unmappable."""
    branch = branch_of(fields.key(fields.text, payload, "ref", "push"))
    if branch is None:
        return None
    before, after = (fields.sha(payload, name, "push") for name in ("before", "after"))
    commits = fields.children(payload, "commits", "push")
    hashes = [fields.sha(commit, "id", "commits") for commit in commits]
    forced = bool(fields.flag(payload, "forced", "push"))
    return Push(branch, before, after, tuple(filter(None, hashes)), forced)


def former_default_rows(payload: Mapping[str, Any], repo: Repository) -> list[Row]:
    """Return the row of the branch that was the default one until an `edited` event.

    https://docs.github.com/webhooks/webhook-events-and-payloads#repository
    """
    changes = fields.child(payload, "changes", "payload") or {}
    changed = fields.child(changes, "default_branch", "changes") or {}
    name = fields.text(changed, "from", "changes.default_branch", fields.NAME)
    until = repo.updated or repo.received
    if payload.get("action") != "edited" or not name or until is None:
        return []
    return [Row("branches", {**stub_of(name).values, "defaultuntil": until})]


def named_rows(payload: Mapping[str, Any], repo: Repository, event: str) -> list[Row]:
    """Return the rows of a branch that was created or deleted; none for a tag.

    These events name the branch without `refs/heads/` and carry no head, so a created branch
    is a stub until its push is known.
    """
    kind = fields.key(fields.text, payload, "ref_type", event)
    name = fields.key(fields.text, payload, "ref", event)
    if kind != "branch":
        return []
    if event == "delete":
        return branch_rows(name, None, repo, DELETION, UNTOLD)
    return [stub_of(name)]


def listed_rows(branch: Mapping[str, Any], repo: Repository) -> list[Row]:
    """Return the rows of a branch as the API lists it."""
    name = fields.key(fields.text, branch, "name", "branch")
    commit = fields.child(branch, "commit", "branch") or {}
    head = fields.key(fields.sha, commit, "sha", "branch.commit")
    return branch_rows(name, head, repo, API)


def unlisted_rows(branch: Mapping[str, Any], repo: Repository) -> list[Row]:
    """Return the rows of a branch that the API's list no longer has."""
    name = fields.key(fields.text, branch, "name", "branch")
    return branch_rows(name, None, repo, API)
