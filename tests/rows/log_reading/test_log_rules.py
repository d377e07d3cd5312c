"""Every rule by its example, and what real tools print by the line that a person would quote."""

import json
import re
from pathlib import Path

import pytest

from rows.github.failure import log_messages
from rows.log_rules import RULES, rule_of
from rows.log_rules.rule import NOTHING, Rule, rule
from rows.logs.candidates import candidates
from rows.logs.output import clean

LOGS = Path(__file__).parents[1] / "logs"
CAUSES = json.loads((LOGS / "tools/causes.json").read_text("utf-8"))
LATER = {"ava"}
"""Those of which the cause is not the first message, or none."""


@pytest.mark.parametrize("one", RULES, ids=[one.name for one in RULES])
def test_example_of_a_rule_is_met_by_that_rule_first(one: Rule):
    assert rule_of(one.example) is one
    assert one.word in one.example
    if one.rank < NOTHING:
        assert list(candidates(one.example.encode())) == [0]


def test_names_of_rules_are_told_apart():
    assert len({one.name for one in RULES}) == len(RULES)


def test_rule_that_would_be_tried_everywhere_on_any_line_is_refused():
    with pytest.raises(ValueError, match="wants a"):
        rule("loose", 3, "b+", "b")


def test_every_log_of_a_tool_has_been_read():
    assert sorted(path.stem for path in (LOGS / "tools").glob("*.txt")) == sorted(CAUSES)


@pytest.mark.parametrize("name", sorted(set(CAUSES) - LATER))
def test_first_message_is_the_line_that_a_person_would_quote(name: str):
    log = (LOGS / f"tools/{name}.txt").read_text("utf-8")
    assert CAUSES[name] in log_messages(log)[0].text


TIME = re.compile(r"^\ufeff?\d{4}-\d\d-\d\dT[\d:.]+Z ?")


@pytest.mark.parametrize("path", sorted(LOGS.rglob("*.txt")), ids=lambda path: path.stem)
def test_no_line_that_a_rule_matches_is_passed_over(path: Path):
    lines = [
        clean(TIME.sub("", line)) for line in path.read_text("utf-8", errors="replace").split("\n")
    ]
    met = {
        place for place, line in enumerate(lines) if (one := rule_of(line)) and one.rank < NOTHING
    }
    looked_at = set(candidates("\n".join(lines).encode()))
    assert [lines[place] for place in sorted(met - looked_at)] == []
