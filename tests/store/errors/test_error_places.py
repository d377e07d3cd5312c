"""Where errors were is the same whether all failures of rare ones are read, or the latest."""

import pytest
from sqlalchemy import Engine

from store.errors import error_places
from tests.store.errors.test_kept_ranking import WANTED, fill


def test_rare_errors_are_where_their_latest_failures_were(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
):
    fill(engine, seed=9)
    counts = {f"2:{number:x}": number for number in range(12)} | {"2:none": 1}
    for wanted in (WANTED, WANTED._replace(kind="end")):
        told = []
        for few in (-1, 6, 100):
            monkeypatch.setattr(error_places, "FEW", few)
            with engine.connect() as connection:
                told.append(error_places.name_places(connection, wanted, counts, most=7))
        assert told[0] == told[1] == told[2]
        assert all(len(place.repositories) <= 3 for place in told[0].values())
    with engine.connect() as connection:
        assert len(error_places.name_places(connection, WANTED, counts)) > 8
