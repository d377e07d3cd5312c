"""Values of pipeline variables are nowhere in what is kept."""

import pytest

from rows import Unmappable
from rows.sources import source_of
from tests.rows.gitlab.payloads import Json, pipeline

GITLAB = source_of("gitlab")
HOOK = pipeline()
NAMES = {"KEY=[MASKED]": "[MASKED]", "B=[MASKED]": "[MASKED]"}


def test_values_of_variables_are_masked_wherever_they_stand():
    odd: list[Json] = [
        HOOK,
        {"variables": {"KEY": "canary-1f6a"}},
        {"a": [{"Variables": ["canary-1f6a", {"key": "K", "value": {"x": "canary-1f6a"}}]}]},
        {"variables": "canary-1f6a"},
        {"variables": [{"key": ["canary-1f6a"], "raw": "canary-1f6a"}]},
    ]
    assert [str(GITLAB.masked(payload)).count("canary") for payload in odd] == [0] * 5
    kept = GITLAB.masked(HOOK)["object_attributes"]["variables"]
    assert kept == [{"key": "KEY", "value": "[MASKED]"}]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"ci": {"skip": True}}, {"ci": {"skip": True}}),
        ({"ci": {"variable": {"KEY=canary=1": 1, "B=canary": 2}}}, {"ci": {"variable": NAMES}}),
        ({"ci": {"variable": {"canary": 1}}}, {"ci": {"variable": {}}}),
        ({"ci": {"variable": "KEY=canary"}}, {"ci": {"variable": "[MASKED]"}}),
        ({"ci": {"input": {"KEY=canary": 1}}}, {"ci": {"input": {"KEY=[MASKED]": "[MASKED]"}}}),
        ({"ci": "canary"}, {"ci": "[MASKED]"}),
        (["ci.variable=KEY=canary"], "[MASKED]"),
        ({}, {}),
    ],
)
def test_variables_that_were_given_with_a_push_are_masked(given: Json, kept: Json):
    payload = {"object_kind": "push", "push_options": given}
    assert GITLAB.masked(payload) == {"object_kind": "push", "push_options": kept}


def test_payload_that_is_nested_too_deep_is_refused():
    deep: Json = {}
    for _ in range(200):
        deep = {"a": deep}
    with pytest.raises(Unmappable, match="nested"):
        GITLAB.masked(deep)
