"""The groups file: what it says, and one line for each way to write it wrongly."""

from pathlib import Path

import pytest

from config.groups import Group, group_of, is_nightly, owner_of, read_groups, rules_of
from config.settings import BadSetting
from config.settings import read as read_settings

TEXT = """
[prod]
repos = ["org/api", "Org/Web-*"]
workflows = ["Nightly*"]
actors = ["nightly-bot"]

["everything else"]
repos = ["*"]
"""
PROD = Group("prod", ("org/api", "Org/Web-*"), ("Nightly*",), ("nightly-bot",))
REST = Group("everything else", ("*",))


def test_groups_are_read_in_their_order():
    assert read_groups(TEXT) == (PROD, REST)
    assert read_groups("") == ()


@pytest.mark.parametrize(
    ("repo", "name"),
    [("ORG/API", "prod"), ("org/web-shop", "prod"), ("org/apis", "everything else")],
)
def test_repository_belongs_to_the_first_group_that_fits(repo: str, name: str):
    assert group_of((PROD, REST), repo).name == name


def test_repository_outside_all_groups_has_none():
    assert group_of((PROD,), "org/apis") is None


@pytest.mark.parametrize(
    ("workflow", "actor", "nightly"),
    [
        ("nightly build", "ada", True),
        ("CI", "Nightly-Bot", True),
        ("CI", "ada", False),
        (None, None, False),
    ],
)
def test_group_s_rule_goes_by_workflow_or_actor(
    workflow: str | None, actor: str | None, nightly: bool
):
    assert is_nightly(PROD, workflow, actor) is nightly


OWNED = """
[prod]
repos = ["org/*"]
owner = "Payments"
chat = "https://chat.example.org/payments"
[prod.owners]
"org/web-*" = { owner = "Web", chat = "https://chat.example.org/web" }
"org/api" = "Ada"
[rest]
repos = ["*"]
"""


@pytest.mark.parametrize(
    ("repo", "owner"),
    [
        ("ORG/Web-shop", ("Web", "https://chat.example.org/web")),
        ("org/api", ("Ada", "https://chat.example.org/payments")),
        ("org/other", ("Payments", "https://chat.example.org/payments")),
        ("elsewhere/api", None),
    ],
)
def test_owner_is_that_of_the_first_pattern_that_fits(repo: str, owner: tuple[str, str] | None):
    whose = owner_of(read_groups(OWNED), repo)
    assert (whose and whose[1:]) == owner


def test_owner_changes_no_night():
    without = [group._replace(owners=()) for group in read_groups(OWNED)]
    assert rules_of(read_groups(OWNED)) == rules_of(without)


def test_other_groups_are_other_rules():
    assert rules_of((PROD, REST)) != rules_of((REST, PROD))
    assert rules_of((PROD,)) == rules_of((Group(*PROD),))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[prod", "is not TOML: "),
        ('prod = "org/api"', "prod is no group: write [prod] and its repos below it"),
        ("[prod]", '[prod] needs repos = ["org/name", ...]'),
        ("[prod]\nrepos = []", '[prod] needs repos = ["org/name", ...]'),
        ('[prod]\nrepos = "org/a"', 'repos of [prod] is no list of texts like ["org/name"]'),
        ("[prod]\nrepos = [1]", 'repos of [prod] is no list of texts like ["org/name"]'),
        (
            '[prod]\nrepo = ["a"]',
            "[prod] has 'repo'; known are repos, workflows, actors, owner, chat, owners",
        ),
        (
            '[prod]\nrepos = ["a"]\nowner = 7',
            "owner of [prod] is no text of 1 to 100 characters",
        ),
        (
            '[prod]\nrepos = ["a"]\nchat = "javascript:alert(1)"',
            'chat of [prod] is no address like "https://chat.example.org/team"',
        ),
        (
            '[prod]\nrepos = ["a"]\nowners = "Ada"',
            'owners of [prod] is no table like [prod.owners] "org/api" = "Ada"',
        ),
        (
            '[prod]\nrepos = ["a"]\n[prod.owners]\n"a/b" = 3',
            "owner of 'a/b' in [prod.owners] is no text of 1 to 100 characters",
        ),
        (
            '[prod]\nrepos = ["a"]\n[prod.owners]\n"a/b" = { team = "x" }',
            "'a/b' in [prod.owners] has 'team'; known are owner, chat",
        ),
        (
            '[prod]\nrepos = ["a"]\n[prod.owners]\n"a/b" = { chat = "http://x" }',
            "chat of 'a/b' in [prod.owners] is no address like",
        ),
        ('[" "]\nrepos = ["a"]', "a group's name has 1 to 100 characters"),
    ],
)
def test_mistake_is_said_in_one_line_that_names_the_setting(tmp_path: Path, text: str, told: str):
    (tmp_path / "groups.toml").write_text(text)
    with pytest.raises(BadSetting) as found:
        read_settings({}, {"GROUPS_FILE": "groups.toml"}, tmp_path)
    assert str(found.value).startswith(f"GROUPS: {told}")
    assert "\n" not in str(found.value)
