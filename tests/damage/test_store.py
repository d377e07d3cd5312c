"""A fixed part of `make damage`: whatever happens to the store's file or its log is told."""

import shutil
from pathlib import Path

import pytest

from tests.counts import count
from tests.damage.store import Template, befall_all, believing, make_template, not_ok


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Give a store as a killed process leaves it."""
    return make_template(tmp_path_factory.mktemp("damage") / "whole")


def test_store_damaged_anywhere_turns_check_from_ok(template: Template, tmp_path: Path):
    outcomes = befall_all(template, tmp_path, count(12, 500))
    assert [one for one in outcomes if one.is_silent] == []
    assert sum(one.is_changed for one in outcomes) > 5


def test_store_without_damage_is_ok(template: Template, tmp_path: Path):
    folder = tmp_path / "copy"
    shutil.copytree(template.folder, folder)
    assert not_ok(folder) == []


def test_damage_is_silent_where_the_file_is_believed(template: Template, tmp_path: Path):
    with believing():
        outcomes = befall_all(template, tmp_path, 12)
    assert any(one.is_silent for one in outcomes)
