"""Commits of pushes and of the API -> commits."""

from datetime import datetime
from typing import Any

import pytest

from rows import Mapped
from rows.github import events
from tests.rows.objects import (
    COMMIT,
    NOON,
    PUSH,
    REPOSITORY,
    SHA,
    mapped,
    of_table,
    only,
    unread,
    without,
)

LISTED = {
    "sha": SHA,
    "commit": {
        "message": "Add a thing",
        "author": {"name": "Mona Lisa", "email": "m@example.org", "date": "2026-03-02T12:00:00Z"},
        "committer": {"name": "GitHub", "date": "2026-03-02T12:30:00Z"},
    },
    "author": {"login": "mona"},
    "html_url": "https://github.com/octo-org/app/commit/elsewhere",
}


def pushed(**changes: Any) -> dict[str, Any]:
    """Return the row of a changed commit."""
    return only(push([{**COMMIT, **changes}]), "commits")


def push(commits: Any, head: Any = None) -> Any:
    return mapped("push", {**PUSH, "commits": commits, "head_commit": head})


def listed_rows(**changes: Any) -> Mapped:
    payload = {"commit": {**LISTED, **changes}, "repository": REPOSITORY}
    return events.rows_read("commit", payload)


def listed(**changes: Any) -> dict[str, Any]:
    return only(listed_rows(**changes), "commits")


def test_pushed_commit_becomes_a_row():
    assert {**pushed(), "version": b""} == {
        "hash": SHA,
        "author": "Mona Lisa",
        "message": "Add a thing",
        "time": NOON,
        "authorlogin": "mona",
        "url": f"https://github.com/octo-org/app/commit/{SHA}",
        "version": b"",
    }


def test_listed_commit_says_the_same_as_the_pushed_one_to_the_version():
    assert listed() == pushed()


def test_author_without_an_account_has_no_login():
    author = without(COMMIT["author"], "username")
    assert pushed(author=author)["authorlogin"] is None
    assert listed(author=None) == pushed(author=author)


def test_time_is_the_authors_own_where_the_push_gives_it():
    # `timestamp` stands beside author and committer; a newer push dates each of the two.
    author = {**COMMIT["author"], "date": "2026-03-01T23:00:00-05:00"}
    assert pushed(author=author)["time"] == datetime(2026, 3, 2, 4)


@pytest.mark.parametrize("message", ["", "a\n\nb", "😀" * 5000, "'); DROP TABLE commits; --"])
def test_message_is_kept_whole(message: str):
    assert pushed(message=message)["message"] == message


def test_commit_without_author_message_and_time_is_known_by_its_hash():
    found = pushed(author=None, message=None, timestamp=None)
    assert [found[name] for name in ("hash", "author", "message", "time")] == [
        SHA,
        None,
        None,
        None,
    ]


def test_every_commit_of_a_large_push_becomes_one_row():
    commits = [{**COMMIT, "id": f"{number:040x}"} for number in range(1, 2049)]
    found = of_table(push(commits, commits[-1]), "commits")
    assert [values["hash"] for values in found] == [one["id"] for one in commits]


def test_head_of_a_branch_made_on_a_known_commit_is_brought_too():
    assert [values["hash"] for values in of_table(push([], COMMIT), "commits")] == [SHA]


def test_push_without_commits_brings_none():
    assert of_table(push([]), "commits") == of_table(push(None), "commits") == []


@pytest.mark.parametrize("odd", [None, 7, "", "main", SHA.upper(), SHA[:7], "0" * 40])
def test_commit_whose_id_cannot_be_read_costs_neither_the_branch_nor_other_commits(odd: Any):
    other = {**COMMIT, "id": "1" * 40}
    found = push([{**COMMIT, "id": odd}, other], {**COMMIT, "id": odd})
    assert [values["hash"] for values in of_table(found, "commits")] == ["1" * 40]
    assert only(found, "branches")["headhash"] == SHA
    assert [note.partition(": ")[0] for note in found.notes] == ["commits.id", "head_commit.id"]


@pytest.mark.parametrize(
    ("commits", "head", "field"),
    [
        ({}, None, "push.commits"),
        ([[]], None, "push.commits"),
        ([], [], "push.head_commit"),
        ([{}], None, "commits.id"),
        ([], {}, "head_commit.id"),
        ([{"id": "0" * 40}], None, "commits.id"),
        ([{**COMMIT, "author": "Mona"}], None, "commits.author"),
        ([{**COMMIT, "author": {"name": 7}}], None, "commits.author.name"),
        ([{**COMMIT, "author": {"username": 7}}], None, "commits.author.username"),
        ([{**COMMIT, "author": {"date": "?"}}], None, "commits.author.date"),
        ([{**COMMIT, "message": 7}], None, "commits.message"),
        ([{**COMMIT, "timestamp": {}}], None, "commits.timestamp"),
        ([], {**COMMIT, "timestamp": "?"}, "head_commit.timestamp"),
    ],
)
def test_commit_of_the_wrong_shape_names_its_field(commits: Any, head: Any, field: str):
    assert field in unread(lambda: push(commits, head))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"sha": None}, "commit.sha"),
        ({"commit": []}, "commit.commit"),
        ({"commit": {"author": []}}, "commit.commit.author"),
        ({"commit": {"author": {"date": 1.5}}}, "commit.commit.author.date"),
        ({"commit": {"message": 1}}, "commit.commit.message"),
        ({"author": "mona"}, "commit.author"),
        ({"author": {"login": 1}}, "commit.author.login"),
    ],
)
def test_listed_commit_of_the_wrong_shape_names_its_field(changes: Any, field: str):
    assert field in unread(lambda: listed_rows(**changes))
