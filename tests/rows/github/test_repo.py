"""Repositories, the servers they are on, and the names they go or went by."""

from datetime import datetime
from typing import Any

import pytest

from rows import Unmappable
from rows.github import events
from rows.github.events import rows_read
from rows.github.repo import repository_of
from tests.rows.objects import NOON, REPOSITORY, mapped, of_table, unread


def repository_event(action: str, **parts: Any) -> Any:
    return mapped("repository", {"action": action, **parts})


def names(found: Any) -> list[str]:
    return [values["name"] for values in of_table(found, "repoaliases")]


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://github.com/octo-org/app", "github"),
        ("https://GitHub.com/octo-org/app", "github"),
        ("https://ghes.example.org/octo-org/app", "github:ghes.example.org"),
        ("http://ghes.example.org:8443/octo-org/app", "github:ghes.example.org"),
        ("https://octocorp.ghe.com/octo-org/app", "github:octocorp.ghe.com"),
        ("https://notgithub.com/octo-org/app", "github:notgithub.com"),
        ("https://10.1.2.3/octo-org/app", "github:10.1.2.3"),
    ],
)
def test_provider_is_the_host_of_the_repositorys_page(url: str, provider: str):
    found = mapped("repository", {}, html_url=url)
    assert found.provider == provider
    assert found.repository.values["provider"] == provider


@pytest.mark.parametrize(
    "url", [None, "", "octo-org/app", "https://", "https://[::1/a", "//\ud800"]
)
def test_repository_whose_server_is_unknown_is_refused(url: str | None):
    # Ids are unique per server: a guess would mix two servers' rows.
    with pytest.raises(Unmappable, match=r"^repository\.html_url: "):
        mapped("repository", {}, html_url=url)


def test_repository_row_has_every_state_column():
    found = mapped("push", {"ref": "refs/tags/v1"}, archived=True, private=True)
    assert {**found.repository.values, "version": b""} == {
        "provider": "github",
        "gitid": 7,
        "name": "octo-org/app",
        "url": "https://github.com/octo-org/app",
        "defaultbranch": "main",
        "private": True,
        "archived": True,
        "version": b"",
    }
    assert found.repository.table == "repos"


@pytest.mark.parametrize("key", ["id", "full_name"])
def test_repository_without_what_names_it_is_refused(key: str):
    with pytest.raises(Unmappable, match=rf"^repository\.{key}: is missing$"):
        mapped("repository", {}, **{key: None})


@pytest.mark.parametrize("payload", [{}, {"repository": None}])
def test_payload_without_a_repository_is_refused(payload: Any):
    with pytest.raises(Unmappable, match=r"^payload\.repository: is missing$"):
        events.rows_for("push", payload)
    assert repository_of(payload) is None


def test_repository_that_is_no_object_is_refused():
    with pytest.raises(Unmappable, match=r"^payload\.repository: wants an object, got 'app'$"):
        repository_of({"repository": "app"})


def version_of(event: str, **repository: Any) -> bytes:
    found = mapped(event, {"ref": "refs/tags/v1"} if event == "push" else {}, **repository)
    version = found.repository.values["version"]
    assert isinstance(version, bytes)
    return version


def test_repository_event_wins_over_the_same_repository_seen_in_passing():
    in_passing = version_of("push", archived=False)
    event = version_of("repository", archived=True)
    read = rows_read("repository", {"repository": REPOSITORY}).repository.values["version"]
    assert isinstance(read, bytes)
    assert in_passing < event < read


@pytest.mark.parametrize("key", ["pushed_at", "updated_at"])
def test_later_time_of_a_repository_wins_whichever_it_is(key: str):
    later = version_of("push", **{key: "2026-03-02T12:00:01Z"})
    assert version_of("repository") < later


def test_epoch_and_iso_times_of_one_repository_give_the_same_version():
    assert version_of("push", pushed_at=1772452800) == version_of("push")


def test_name_of_today_is_an_alias_seen_at_the_later_of_its_times():
    assert of_table(mapped("push", {"ref": "refs/tags/v1"}), "repoaliases") == [
        {"name": "octo-org/app", "firstseen": NOON, "lastseen": NOON}
    ]
    found = mapped("push", {"ref": "refs/tags/v1"}, updated_at="2026-03-03T00:00:00Z")
    (alias,) = of_table(found, "repoaliases")
    assert alias["lastseen"] == datetime(2026, 3, 3)


def test_repository_without_times_has_an_alias_without_times():
    found = mapped("repository", {}, pushed_at=None, updated_at=None)
    assert of_table(found, "repoaliases") == [
        {"name": "octo-org/app", "firstseen": None, "lastseen": None}
    ]


RENAMED = {"repository": {"name": {"from": "old-app"}}}
FROM_USER = {"owner": {"from": {"user": {"login": "octocat"}}}}
FROM_ORGANIZATION = {"owner": {"from": {"organization": {"login": "acme"}}}}


@pytest.mark.parametrize(
    ("changes", "former"),
    [
        (RENAMED, ["octo-org/old-app"]),
        (FROM_USER, ["octocat/app"]),
        (FROM_ORGANIZATION, ["acme/app"]),
        (
            {"owner": {"from": {"user": {"login": "octocat"}, "organization": None}}},
            ["octocat/app"],
        ),
        ({**RENAMED, **FROM_USER}, ["octocat/old-app"]),
        ({"repository": {"name": {"from": "app"}}}, []),
        ({"repository": {"name": None}}, []),
        ({"owner": {"from": {}}}, []),
        ({"default_branch": {"from": "master"}}, []),
        ({}, []),
        (None, []),
    ],
)
def test_former_name_of_a_rename_or_transfer_is_an_alias_too(changes: Any, former: list[str]):
    found = repository_event("edited", changes=changes)
    assert names(found) == ["octo-org/app", *former]


def test_former_names_are_known_before_anything_is_mapped():
    payload = {"repository": REPOSITORY, "changes": RENAMED}
    repository = repository_of(payload)
    assert repository is not None
    assert (repository.name, repository.former) == ("octo-org/app", ("octo-org/old-app",))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ("x", "payload.changes"),
        ({"repository": 1}, "changes.repository"),
        ({"repository": {"name": "x"}}, "changes.repository.name"),
        ({"repository": {"name": {"from": 1}}}, "changes.repository.name.from"),
        ({"owner": []}, "changes.owner"),
        ({"owner": {"from": "octocat"}}, "changes.owner.from"),
        ({"owner": {"from": {"user": "octocat"}}}, "changes.owner.from.user"),
        (
            {"owner": {"from": {"organization": {"login": 1}}}},
            "changes.owner.from.organization.login",
        ),
    ],
)
def test_change_of_the_wrong_type_names_its_field(changes: Any, field: str):
    assert field in unread(lambda: repository_event("renamed", changes=changes))
