"""What `-r` may be: a name as the vendor has them, or the address of a page."""

import re
from pathlib import Path

import pytest

from config.github import FORM
from config.settings import BadSetting, read
from config.sources import SourceForm, SourceSettings, read_patterns

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
        ("https://api.github.com", "org/repo.git", "org/repo"),
        ("https://api.github.com", "org/.github", "org/.github"),
        ("https://api.github.com", "https://www.GitHub.com/Org/repo.js/", "Org/repo.js"),
        ("https://api.github.com", "http://github.com/org/", "org"),
        ("https://api.github.com", "https://user:pass@github.com/org/repo?tab=a#b", "org/repo"),
        ("https://ghes.example.org/api/v3", "https://ghes.example.org/org/repo", "org/repo"),
        ("https://api.org.ghe.com", "https://org.ghe.com/org/repo", "org/repo"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/org/repo", "org/repo"),
        ("https://api.github.com", "github.com/org/repo", "org/repo"),
        ("https://api.github.com", "www.GitHub.com/org/repo/", "org/repo"),
        ("https://api.github.com", "git@github.com:org/repo.git", "org/repo"),
        ("https://api.github.com", "https://github.com/org/repo/actions/runs/7", "org/repo"),
        ("https://api.github.com", "https://github.com/orgs/org/repositories", "org"),
        ("https://ghes.example.org/api/v3", "ghes.example.org/org/repo", "org/repo"),
    ],
)
def test_address_of_a_repository_names_it(tmp_path: Path, url: str, text: str, name: str):
    chosen = read({"repos": ["a/b", text]}, {"GITHUB_API_URL": url}, tmp_path)
    assert chosen.repos == ("a/b", name)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "https:///org/repo",
            "that is no server of GITHUB_API_URL, GITLAB_URL: known is github.com, gitlab.com",
        ),
        ("http://git.example.org/g/p", "would send the token in clear: https is needed"),
        ("ftp://github.com/a/b", "ftp:// begins no page's address: https:// does"),
        ("ssh://git@github.com/a/b.git", "ssh:// begins no page's address: https:// does"),
        ("://github.com/a/b", ":// begins no page's address: https:// does"),
        ("https://github.com/", "'' is not org/repo, org or org/*"),
        (
            "org/repo/more",
            "'org/repo/more' is not org/repo, org or org/*; write gitlab:org/repo/more for one of"
            " gitlab",
        ),
        (
            "gitlab:group//project",
            "'group//project' is not group/project, group/sub/project, group or group/*",
        ),
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
        ("forge:group/sub/project", "group/sub/project"),
        ("Forge:group/sub/*", "group/sub/*"),
        ("forge:group", "group"),
        ("https://forge.example.org/group/sub/project.git", "group/sub/project"),
    ],
)
def test_name_of_another_vendor_begins_with_it(text: str, name: str):
    patterns = read_patterns(["org/repo", text], FORMS, SOURCES)
    assert patterns.names == ("org/repo", f"forge:{name}")
    assert patterns.by_vendor == {"github": ("org/repo",), "forge": (name,)}


def test_longer_name_at_a_vendor_without_them_is_refused():
    why = r"'org/repo/more' is not org/repo, org or org/\*; write forge:org/repo/more"
    with pytest.raises(ValueError, match=why):
        read_patterns(["org/repo/more"], FORMS, SOURCES)


@pytest.mark.parametrize(
    ("environ", "text", "name", "url"),
    [
        ({}, "https://gitlab.com/g/p", "g/p", "https://gitlab.com"),
        ({}, "gitlab.com/g/p", "g/p", "https://gitlab.com"),
        ({}, "git@gitlab.com:g/s/p.git", "g/s/p", "https://gitlab.com"),
        ({}, "git@git.example.org:g/p.git", "g/p", "https://git.example.org"),
        ({}, "https://gitlab.com/g/s/p/-/pipelines/4?a=b", "g/s/p", "https://gitlab.com"),
        ({}, "https://gitlab.com/groups/g/s/-/issues", "g/s", "https://gitlab.com"),
        ({}, "https://user:pass@git.example.org:8443/g/p", "g/p", "https://git.example.org:8443"),
        (
            {"GITLAB_URL": "https://example.org/git/"},
            "https://example.org/git/g/s/p",
            "g/s/p",
            "https://example.org/git",
        ),
        (
            {"GITLAB_URL": "http://127.0.0.1:2", "GITHUB_API_URL": "http://127.0.0.1:1"},
            "http://127.0.0.1:2/g/p",
            "g/p",
            "http://127.0.0.1:2",
        ),
    ],
)
def test_page_of_a_gitlab_server_names_a_project(
    tmp_path: Path, environ: dict[str, str], text: str, name: str, url: str
):
    chosen = read({"repos": [text]}, environ, tmp_path)
    assert (chosen.vendor, chosen.repos, chosen.source.url) == ("gitlab", (f"gitlab:{name}",), url)


def test_settings_of_two_vendors_come_apart(tmp_path: Path):
    given = {"repos": ["org/repo", "gitlab:group", "org/other", "gitlab:a/b/c"]}
    environ = {"GITHUB_TOKEN": "of github", "GITLAB_TOKEN": "of gitlab"}
    parts = read(given, environ, tmp_path).parts()
    assert [(part.vendor, part.repos, part.source.token) for part in parts] == [
        ("github", ("org/repo", "org/other"), "of github"),
        ("gitlab", ("group", "a/b/c"), "of gitlab"),
    ]
    alone = read({}, environ, tmp_path)
    assert [(part.vendor, part.repos) for part in alone.parts()] == [("github", ()), ("gitlab", ())]
    for environ, vendor in (({}, "github"), ({"GITLAB_TOKEN": "t"}, "gitlab")):
        assert [part.vendor for part in read({}, environ, tmp_path).parts()] == [vendor]


def test_key_is_of_the_one_vendor_that_is_named(tmp_path: Path):
    chosen = read({"repos": ["gitlab:group"], "key": "glpat"}, {"GITHUB_TOKEN": "gh"}, tmp_path)
    assert {name: source.token for name, source in chosen.sources.items()} == {
        "github": "gh",
        "gitlab": "glpat",
    }
    with pytest.raises(BadSetting, match=r"^-k: is the key of one server, -r names several"):
        read({"repos": ["gitlab:group", "org/repo"], "key": "glpat"}, {}, tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("GITLAB_URL", "http://git.example.org", "would send the token in clear"),
        ("GITLAB_URL", "git.example.org", "is not an address"),
        ("GITLAB_WEBHOOK_SECRET", "short", "too short"),
        ("GITLAB_WEBHOOK_SECRET", "whsec_not base 64 at all", "base64"),
        ("WEBHOOK_SECRET", "the same of both vendors", "is another vendor's secret, too"),
    ],
)
def test_bad_setting_of_gitlab_is_named(tmp_path: Path, name: str, text: str, why: str):
    environ = {"GITLAB_WEBHOOK_SECRET": "the same of both vendors", name: text}
    with pytest.raises(BadSetting, match=f"^{name}: .*{why}"):
        read({}, environ, tmp_path)
