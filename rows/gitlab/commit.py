"""Commits of a push and of the API -> commits. All their columns are fixed.

A push brings the newest twenty, with the committer's time, which is none of ours.
"""

from collections.abc import Mapping

from rows import Row, fields, version
from rows.gitlab import clock
from rows.source_record import Payload, Repository


def commit_row(sha: str, repo: Repository, said: Mapping[str, object]) -> Row:
    """Return a commit's row; nothing orders records of one commit but what they say."""
    values = {"hash": sha, **said, "url": f"{repo.url}/-/commit/{sha}"}
    order = version.timed("commits", None, 0, values.values())
    return Row("commits", {**values, "version": order})


def pushed_rows(payload: Payload, repo: Repository) -> list[Row]:
    """Return a row for each commit of a push whose id can be read."""
    rows = []
    for commit in fields.children(payload, "commits", "push"):
        sha = fields.key_of_part(fields.sha, commit, "id", "commits")
        if sha is None:
            continue
        author = fields.child(commit, "author", "commits") or {}
        said = {
            "author": fields.text(author, "name", "commits.author"),
            "message": fields.text(commit, "message", "commits"),
        }
        rows.append(commit_row(sha, repo, said))
    return list({row.values["hash"]: row for row in rows}.values())


def listed_row(commit: Payload, repo: Repository) -> Row:
    """Return the row of a commit as the API lists it."""
    sha = fields.key(fields.sha, commit, "id", "commit")
    said = {
        "author": fields.text(commit, "author_name", "commit"),
        "message": fields.text(commit, "message", "commit"),
        "time": clock.moment(commit, "authored_date", "commit"),
    }
    return commit_row(sha, repo, said)
