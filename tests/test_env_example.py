"""`.env.example` names every setting once explained, with the default that the code has."""

import re
from pathlib import Path

from config.settings import SETTINGS

EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"
SHOWN = re.findall(r"^# ([A-Z_]+)=(.*)$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)


def test_env_example_names_the_settings_that_are_read():
    assert sorted({name for name, _ in SHOWN}) == sorted(SETTINGS)


def test_env_example_shows_the_defaults_first():
    first = {name: value for name, value in reversed(SHOWN)}
    defaults = {name: each.default for name, each in SETTINGS.items() if each.default is not None}
    assert {name: first[name] for name in defaults} == defaults


def test_env_example_sets_nothing_when_copied():
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("# ")] == []
