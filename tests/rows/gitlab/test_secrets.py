"""Values of pipeline variables are nowhere in what is kept."""

import pytest

from rows import Unmappable
from rows.sources import source_of
from tests.rows.gitlab.payloads import Json, pipeline

GITLAB = source_of("gitlab")
HOOK = pipeline()


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


def test_payload_that_is_nested_too_deep_is_refused():
    deep: Json = {}
    for _ in range(200):
        deep = {"a": deep}
    with pytest.raises(Unmappable, match="nested"):
        GITLAB.masked(deep)
