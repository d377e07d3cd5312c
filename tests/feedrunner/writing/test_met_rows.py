"""What a load met is not looked for again, and no longer known where that would be wrong."""

import pytest
from sqlalchemy import Engine

from feedrunner import load as loading
from feedrunner.runner import load_lines
from feedrunner.writing import met_rows
from feedrunner.writing.met_rows import MetRows
from tests.feedrunner.feed import record, stored, write_feed


def need(package: str) -> list[bytes]:
    """Return lines of a package that needs serde, with its version."""
    return [
        record("packages", name=package),
        record("versions", package=package, version="1"),
        record("dependencies", package=package, version="1", position=0, name="serde"),
    ]


@pytest.mark.parametrize("most", [1, 100_000])
def test_name_that_changes_hands_within_a_load_leads_to_who_has_it_then(
    engine: Engine, tmp_path, monkeypatch: pytest.MonkeyPatch, most: int
):
    monkeypatch.setattr(loading, "BATCH", 1)
    monkeypatch.setattr(met_rows, "MOST", most)
    lines = [record("packages", name="serde", import_id="1"), *need("a"), *need("b")]
    lines += [record("packages", name="serde-old", import_id="1")]
    lines += [record("packages", name="serde", import_id="2"), *need("c")]
    output = [line + b"\n" for line in lines]
    ended = load_lines(engine, write_feed(tmp_path, ""), output, lambda: 0)
    assert (ended.error, ended.changed) == ("", 12)
    linked = {(row[0], row[-1]) for row in stored(engine)["dependencies"]}
    assert ("c", "serde") in linked


def test_of_two_of_one_name_the_later_one_is_met():
    met = MetRows()
    met.new["packages"]["apple"] = 1
    met.keep()
    met.new["packages"]["apple"] = 2
    assert met.of("packages", ["apple", "pear"]) == {"apple": 2}


def test_what_a_transaction_met_that_was_undone_is_forgotten():
    met = MetRows()
    met.new["packages"]["apple"] = 1
    met.begin()
    met.new["packages"]["pear"] = 2
    met.keep()
    assert met.of("packages", ["apple", "pear"]) == {"pear": 2}
