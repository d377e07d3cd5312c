"""Addresses of repositories as packages of npm, PyPI and Debian spell them."""

import pytest

from store.packages.addresses import Repository, repository_of, without_password

APP = Repository("github.com", "octo-org/app")


@pytest.mark.parametrize(
    "spelled",
    [
        "https://github.com/octo-org/app",
        "https://github.com/octo-org/app.git",
        "https://github.com/octo-org/app.git.git",
        "http://www.github.com/octo-org/app/",
        "https://github.com/octo-org/app#readme",
        "https://github.com/octo-org/app/issues/12",
        "git+https://github.com/octo-org/app.git",
        "git://github.com/octo-org/app.git",
        "git+ssh://git@github.com/octo-org/app.git",
        "ssh://git@github.com/octo-org/app.git",
        "ssh://git@github.com:22/octo-org/app",
        "git@github.com:octo-org/app.git",
        "https://someone:t0ken@github.com/octo-org/app",
        "github:octo-org/app",
        "https://github.com:/octo-org/app",
        "github.com/octo-org/app",
        "git+ssh://git@github.com:octo-org/app",
        "git+https://git@github.com/octo-org/app.git#main",
        "git@github.com/octo-org/app",
        "HTTPS://GitHub.com/octo-org/app",
        "https://github.com:443/octo-org/app.git/",
        "https://github.com//octo-org//app",
        "https://github.com/octo-org/app?tab=readme-ov-file",
        "https://github.com/octo-org/app/archive/refs/tags/v1.0.tar.gz",
        "https://github.com/octo-org/app.git#egg=app",
        "scm:git:https://github.com/octo-org/app.git",
        "git:github.com/octo-org/app",
        " https://github.com/octo-org/app ",
    ],
)
def test_spellings_of_one_repository_are_one(spelled: str):
    assert repository_of(spelled) == APP


def test_folder_of_a_repository_is_told():
    assert repository_of("https://github.com/octo-org/app/tree/main/packages/core") == (
        APP._replace(directory="packages/core")
    )


@pytest.mark.parametrize(
    ("spelled", "is_repository"),
    [
        ("https://app.readthedocs.io/en/latest", False),
        ("https://curl.se/download/curl-8.15.0.tar.bz2", False),
        ("https://git.example.org/octo/app.git", True),
        ("git://git.example.org/octo/app", True),
        ("git@code.example.org:octo/app", True),
        ("https://codeberg.org/octo/app", True),
        ("https://ghes.example.org/octo/app", True),
        ("https://gitlab.example.org/octo/app", True),
    ],
)
def test_address_at_an_unknown_host_is_a_site_unless_spelled_for_git(
    spelled: str, is_repository: bool
):
    assert bool(repository_of(spelled, forges=frozenset(["ghes.example.org"]))) == is_repository
    assert repository_of(spelled)


def test_groups_of_gitlab_stay_whole():
    deep = Repository("salsa.debian.org", "python-team/packages/app", "debian/x")
    url = "https://salsa.debian.org/python-team/packages/app/-/tree/debian/debian/x"
    assert repository_of(url) == deep
    url = "https://gitlab.com/group/sub/app/-/tree/main"
    assert repository_of(url) == Repository("gitlab.com", "group/sub/app")
    assert repository_of("gitlab:group/sub/app") == Repository("gitlab.com", "group/sub/app")


def test_owner_and_name_alone_are_at_github_only_for_npm():
    assert repository_of("octo-org/app", allows_bare=True) == APP
    assert repository_of("octo-org/app") is None


@pytest.mark.parametrize(
    "spelled",
    [
        "",
        "https://github.com/octo-org",
        "https://github.com/sponsors/octo",
        "https://github.com/orgs/octo-org/discussions",
        "https://app.example/docs",
        "https://github.com/octo-org/octo-org.github.io",
        "not an address",
        "https://octo-org.github.io/app/docs",
        "https://github.com/octo-org/.github",
        "https://github.com/features/actions",
        "https://github.com/$OWNER/$REPO",
        "gist:11081aaa281",
        "https://github.com/octo-org/.git",
        "git+",
    ],
)
def test_what_names_no_repository_is_none(spelled: str):
    assert repository_of(spelled) is None


def test_password_is_taken_out():
    assert without_password("https://u:t@h.example/x@y") == "https://h.example/x@y"
    assert without_password("https://h.example/x@y") == "https://h.example/x@y"
