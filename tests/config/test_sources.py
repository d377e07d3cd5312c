"""What `-r` may be: a name as the vendor has them, or the address of a page."""

import re
from pathlib import Path

import pytest

from config import settings
from config.github import FORM
from config.settings import BadSetting, read
from config.sources import Setting, SourceForm, SourceSettings, read_patterns

NESTING = SourceForm(
    {"url": ("FORGE_URL", FORM.settings["url"][1])},
    re.compile(r"[a-z]+(?:/(?:[a-z]+/)*(?:[a-z]+|\*))?"),
    "group/project, group/sub/project, group or group/*",
)
FORMS = {"github": FORM, "forge": NESTING}
SOURCES = {
    "github": SourceSettings("https://ghes.example.org/api/v3"),
    "forge": SourceSettings("https://forge.example.org/api"),
}


@pytest.mark.parametrize(
    ("url", "text", "name"),
    [
        ("https://api.github.com", "https://github.com/org/repo", "org/repo"),
        ("https://api.github.com", "https://github.com/org/repo.git", "org/repo"),
        ("https://api.github.com", "https://www.GitHub.com/Org/repo.js/", "Org/repo.js"),
        ("https://api.github.com", "http://github.com/org/", "org"),
        ("https://api.github.com", "https://user:pass@github.com/org/repo?tab=a#b", "org/repo"),
        ("https://ghes.example.org/api/v3", "https://ghes.example.org/org/repo", "org/repo"),
        ("https://api.org.ghe.com", "https://org.ghe.com/org/repo", "org/repo"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/org/repo", "org/repo"),
    ],
)
def test_address_of_a_repository_names_it(tmp_path: Path, url: str, text: str, name: str):
    chosen = read({"repos": ["a/b", text]}, {"GITHUB_API_URL": url}, tmp_path)
    assert chosen.repos == ("a/b", name)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "https://gitlab.com/group/project",
            "gitlab.com is no server of GITHUB_API_URL: known is github.com",
        ),
        (
            "https://user:hunter22@ghes.example.org/org/repo",
            "ghes.example.org is no server of GITHUB_API_URL: known is github.com",
        ),
        ("https:///org/repo", "that is no server of GITHUB_API_URL: known is github.com"),
        ("ftp://github.com/a/b", "ftp:// begins no page's address: https:// does"),
        ("ssh://git@github.com/a/b.git", "ssh:// begins no page's address: https:// does"),
        ("://github.com/a/b", ":// begins no page's address: https:// does"),
        ("https://github.com/", "'' is not org/repo, org or org/*"),
        ("https://github.com/org/repo/actions", "'org/repo/actions' is not org/repo, org or org/*"),
        ("org/repo/more", "'org/repo/more' is not org/repo, org or org/*"),
        ("https://[github.com/org/repo", "Invalid IPv6 URL"),
    ],
)
def test_address_of_something_else_is_refused_in_one_line(tmp_path: Path, text: str, why: str):
    with pytest.raises(BadSetting) as bad:
        read({"repos": [text]}, {}, tmp_path)
    assert str(bad.value) == f"REPOS: {why}"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("group/sub/project", "group/sub/project"),
        ("group/sub/*", "group/sub/*"),
        ("https://forge.example.org/group/sub/project.git", "group/sub/project"),
        ("https://ghes.example.org/Org/repo", "Org/repo"),
    ],
)
def test_vendor_with_longer_names_has_them_read(text: str, name: str):
    assert read_patterns([text], FORMS, SOURCES)[0] == (name,)


def test_longer_name_at_a_vendor_without_them_is_refused():
    with pytest.raises(ValueError, match=r"^'org/repo/more' is not org/repo, org or org/\*$"):
        read_patterns(["https://ghes.example.org/org/repo/more"], FORMS, SOURCES)


@pytest.mark.parametrize(
    ("texts", "vendor"),
    [
        ((), "github"),
        (("org/repo",), "github"),
        (("group/sub/project",), "forge"),
        (("org/repo", "group/sub/project"), "forge"),
        (("group/sub/project", "org/repo"), "forge"),
        (("Org/repo", "org/repo"), "github"),
        (("https://ghes.example.org/a/b", "org/repo"), "github"),
        (("org/repo", "https://forge.example.org/a/b", "c/d"), "forge"),
    ],
)
def test_vendor_is_one_that_every_name_may_be_of(texts: tuple[str, ...], vendor: str):
    assert read_patterns(texts, FORMS, SOURCES)[1] == vendor


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        (
            ("https://ghes.example.org/a/b", "https://user:hunter22@forge.example.org/c/d"),
            "'c/d' is of forge.example.org, those before it are of ghes.example.org: "
            "name repositories of one server at a time",
        ),
        (
            ("a/b", "group/sub/project", "Org/repo"),
            "'Org/repo' is of ghes.example.org, those before it are of forge.example.org: "
            "name repositories of one server at a time",
        ),
    ],
)
def test_names_of_two_vendors_are_refused(texts: tuple[str, ...], why: str):
    with pytest.raises(ValueError, match=r"^'") as bad:
        read_patterns(texts, FORMS, SOURCES)
    assert str(bad.value) == why


def test_settings_are_of_the_vendor_that_is_named(tmp_path: Path, monkeypatch):
    monkeypatch.setitem(settings.FORMS, "forge", NESTING)
    monkeypatch.setitem(settings.SETTINGS, "FORGE_URL", Setting("https://forge.example.org", str))
    chosen = read({"repos": ["group/sub/project"]}, {}, tmp_path)
    assert (chosen.vendor, chosen.source.url) == ("forge", "https://forge.example.org")
