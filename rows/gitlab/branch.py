"""Pushes, tag pushes and the API's branch list -> branches and tagpushes.

No push says when it was: of two records of a branch the one that came later is the newer one, but
for pushes that begin where another one ended (`rows.branch_moves`); what the API lists decides.
"""

from rows import Row, fields, version
from rows.branch_moves import NO_COMMIT, Move
from rows.source_record import Payload, Push, Repository

PUSH, API = version.HEARD, version.HEARD + 1
HEADS, TAGS = "refs/heads/", "refs/tags/"


def branch_row(name: str, head: str | None, repo: Repository, rank: int) -> Row:
    """Return a branch's row: where it points, or since when it is gone."""
    state = {"headhash": head, "deletetime": None if head else repo.received}
    order = version.timed("branches", repo.received, rank, state.values())
    return Row("branches", {"name": name, **state, "version": order})


def ref_of(payload: Payload) -> str:
    """Return what a push moved. Raises Unmappable without it."""
    return fields.key(fields.text, payload, "ref", "push")


def is_known(payload: Payload, key: str) -> bool:
    """Tell whether a push names a commit there, or that there is none."""
    value = payload.get(key)
    is_none = isinstance(value, str) and fields.NO_COMMIT.fullmatch(value) is not None
    return is_none or fields.sha(payload, key, "push") is not None


def pushed_rows(payload: Payload, repo: Repository) -> list[Row]:
    """Return the rows of the branch that a push moved, made or deleted."""
    ref = ref_of(payload)
    if not ref.startswith(HEADS):
        return []
    name = ref.removeprefix(HEADS)
    if not is_known(payload, "after"):
        return [Row("branches", {"name": name, "version": version.STUB})]
    before, after = (fields.sha(payload, key, "push") for key in ("before", "after"))
    row = branch_row(name, after, repo, PUSH)
    if repo.received is None or not is_known(payload, "before"):
        return [row]
    move = Move(repo.received, before or NO_COMMIT, after or NO_COMMIT)
    return [row, Row("branchmoves", {"name": name, **move._asdict()})]


def tag_rows(payload: Payload, repo: Repository) -> list[Row]:
    """Return the row of a tag that was made or moved; none for one that was deleted.

    What an annotated tag points at is an object of its own: `checkout_sha` is its commit.
    """
    ref = ref_of(payload)
    name, head = ref.removeprefix(TAGS), fields.sha(payload, "checkout_sha", "push")
    if not ref.startswith(TAGS) or not name or head is None or repo.received is None:
        return []
    return [Row("tagpushes", {"name": name, "time": repo.received, "hash": head})]


def push_of(payload: Payload) -> Push | None:
    """Return what a push did to a branch, None for a tag. Raises Unmappable."""
    ref = ref_of(payload)
    if not ref.startswith(HEADS):
        return None
    before, after = (fields.sha(payload, name, "push") for name in ("before", "after"))
    hashes = [
        fields.sha(commit, "id", "commits")
        for commit in fields.children(payload, "commits", "push")
    ]
    return Push(ref.removeprefix(HEADS), before, after, tuple(filter(None, hashes)))


def listed_rows(branch: Payload, repo: Repository) -> list[Row]:
    """Return the row of a branch as the API lists it."""
    name = fields.key(fields.text, branch, "name", "branch")
    commit = fields.child(branch, "commit", "branch") or {}
    return [branch_row(name, fields.key(fields.sha, commit, "id", "branch.commit"), repo, API)]


def unlisted_rows(branch: Payload, repo: Repository) -> list[Row]:
    """Return the row of a branch that the API's list no longer has."""
    return [branch_row(fields.key(fields.text, branch, "name", "branch"), None, repo, API)]
