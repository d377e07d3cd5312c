"""Which names a pattern watches."""

import pytest

from config.watch import is_watched, watch


@pytest.mark.parametrize(
    ("patterns", "name", "watched"),
    [
        ([], "any/thing", True),
        (["org/repo"], "org/repo", True),
        (["org/repo"], "Org/Repo", True),
        (["ORG/Repo"], "org/repo", True),
        (["org/repo"], "org/repo2", False),
        (["org/repo"], "org/rep", False),
        (["org/repo"], "other/repo", False),
        (["org"], "org/anything", True),
        (["Org/*"], "oRG/anything", True),
        (["org/*"], "organization/repo", False),
        (["org"], "other/org", False),
        (["org/repo.js"], "org/repo-js", False),
        (["a/b", "c"], "c/d", True),
        (["a/b", "c"], "a/d", False),
        (["group"], "group/sub/project", True),
        (["group/sub/*"], "Group/Sub/project", True),
        (["group/sub/*"], "group/subs/project", False),
        (["group/sub"], "group/sub/project", True),
        (["group/sub/project"], "group/sub/project", True),
    ],
)
def test_pattern_watches_names_without_regard_to_case(
    patterns: list[str], name: str, watched: bool
):
    assert is_watched(watch(patterns), [name]) is watched


def test_pattern_watches_a_repository_by_its_former_name():
    assert is_watched(watch(["org/old"]), ["org/new", "org/old"])


def test_patterns_are_kept_as_they_were_written():
    assert watch(["Org/Repo", "x"]).patterns == ("Org/Repo", "x")


def test_patterns_are_taken_apart_each_once_in_their_order():
    watched = watch(["b/2", "Org/*", "a/1", "org/repo", "B/2", "g/sub/*", "g/sub/project", "org"])
    assert list(watched.owners.values()) == ["org", "g/sub"]
    assert list(watched.names.values()) == ["B/2", "a/1"]
