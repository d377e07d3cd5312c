"""Commits of a push and of the API -> commits. All their columns are fixed."""

from collections.abc import Iterator, Mapping
from typing import Any

from rows import Row, fields, version
from rows.source_record import Repository


def commit_row(values: dict[str, object]) -> Row:
    """Return a commit's row; nothing orders records of one commit but what they say."""
    order = version.timed("commits", None, 0, values.values())
    return Row("commits", {**values, "version": order})


def page(repo: Repository, sha: str) -> str:
    """Return the commit's page: the API and the webhook name different addresses for it."""
    return f"{repo.url}/commit/{sha}"


def pushed_row(commit: Mapping[str, Any], repo: Repository, at: str = "commits") -> Iterator[Row]:
    """Yield the row of a commit as a push carries it: its time has the author's offset.

    One whose id cannot be read has none, and costs neither the others nor the branch.
    """
    sha = fields.key_of_part(fields.sha, commit, "id", at)
    if sha is None:
        return
    author = fields.child(commit, "author", at) or {}
    yield commit_row(
        {
            "hash": sha,
            "author": fields.text(author, "name", f"{at}.author"),
            "message": fields.text(commit, "message", at),
            "time": fields.moment(author, "date", f"{at}.author")
            or fields.moment(commit, "timestamp", at),
            "authorlogin": fields.text(author, "username", f"{at}.author"),
            "url": page(repo, sha),
        }
    )


def pushed_rows(payload: Mapping[str, Any], repo: Repository) -> list[Row]:
    """Return a row for each commit of a push, at most 2,048 and the head.

    The head is not among `commits` when a branch is made on a known commit.
    """
    head = fields.child(payload, "head_commit", "push")
    commits = fields.children(payload, "commits", "push")
    rows = [row for commit in commits for row in pushed_row(commit, repo)]
    if head is not None:
        rows.extend(pushed_row(head, repo, "head_commit"))
    return list({row.values["hash"]: row for row in rows}.values())


def listed_row(commit: Mapping[str, Any], repo: Repository) -> Row:
    """Return the row of a commit as the API lists it."""
    sha = fields.key(fields.sha, commit, "sha", "commit")
    inner = fields.child(commit, "commit", "commit") or {}
    author = fields.child(inner, "author", "commit.commit") or {}
    account = fields.child(commit, "author", "commit") or {}
    return commit_row(
        {
            "hash": sha,
            "author": fields.text(author, "name", "commit.commit.author"),
            "message": fields.text(inner, "message", "commit.commit"),
            "time": fields.moment(author, "date", "commit.commit.author"),
            "authorlogin": fields.text(account, "login", "commit.author"),
            "url": page(repo, sha),
        }
    )
