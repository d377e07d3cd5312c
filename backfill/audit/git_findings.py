"""Which branches and commits are missing: names and hashes in, findings out. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from backfill.audit.findings import BRANCH, COMMIT, HEAD, Finding
from backfill.records import ListedCommit
from rows.source_record import Push

Heads = Mapping[str, str | None]
"""The commit each branch points at, by name; None where it is not known."""


def find_missing_branches(listed: Heads, earlier: Heads, stored: Heads) -> list[Finding]:
    """Return the branches that are listed and stored otherwise, or not at all.

    Nothing is said of one whose head could not be asked for.
    `earlier` are the stored ones of a moment before: one that moved since then is being written.
    """
    missing = []
    for name, head in listed.items():
        if head is None:
            continue
        if name not in stored:
            missing.append(Finding(BRANCH, name, f"points at {head} and is not stored"))
        elif stored[name] != head and earlier.get(name) == stored[name]:
            why = f"points at {head} at GitHub, at {stored[name]} here"
            missing.append(Finding(HEAD, name, why))
    gone = [name for name in stored if name not in listed and name in earlier]
    missing += [Finding(BRANCH, name, "is gone at GitHub, and not here") for name in gone]
    return missing


def find_missing_commits(
    listed: Iterable[ListedCommit], heads: Heads, stored: Collection[str], since: datetime | None
) -> list[Finding]:
    """Return the commits that are not stored: those since a time, and what branches point at."""
    missing: dict[str, Finding] = {}
    for commit in listed:
        if commit.hash not in stored and since and commit.time and commit.time >= since:
            day = commit.time.date()
            missing[commit.hash] = Finding(
                COMMIT, commit.hash, f"of branch {commit.branch}", day=day
            )
    for name, head in heads.items():
        if head is not None and head not in stored and head not in missing:
            missing[head] = Finding(COMMIT, head, f"branch {name} points at it")
    return list(missing.values())


def named_hashes(pushes: Iterable[Push], heads: Heads) -> set[str | None]:
    """Return all commits that pushes and branches name."""
    pushed = (one for push in pushes for one in (push.before, push.after, *push.commits))
    return {*pushed, *heads.values()}


def find_lost_pushes(
    pushes: Sequence[Push], heads: Heads, stored: Collection[str]
) -> list[Finding]:
    """Return what can be seen to be missing without asking: `pushes` in the order they came.

    A push that begins at a commit nobody knows, on a branch that was pushed to before, says that
    one between them never came. What a branch held before it was rewritten or deleted is not
    missed: GitHub does not list it either.
    """
    missing: dict[str, Finding] = {}
    between: dict[str, list[Finding]] = {}
    for push in pushes:
        unknown = between.get(push.branch)
        if push.forced or push.after is None or unknown is None:
            unknown = []
        elif push.before and push.before not in stored:
            why = f"the push to {push.branch} that brought it never came"
            unknown = [*unknown, Finding(COMMIT, push.before, why)]
        between[push.branch] = unknown
        for commit in (*push.commits, push.after):
            if commit and commit not in stored and commit not in missing:
                missing[commit] = Finding(COMMIT, commit, f"of a push to {push.branch}")
    missing |= {one.name: one for unknown in between.values() for one in unknown}
    for name, head in heads.items():
        if head is None:
            missing[f"head of {name}"] = Finding(HEAD, name, "its push never came")
        elif head not in stored and head not in missing:
            missing[head] = Finding(COMMIT, head, f"branch {name} points at it")
    return list(missing.values())
