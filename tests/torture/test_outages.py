"""The listener answers through every outage, loses nothing, and writes all of it back."""

from pathlib import Path

import pytest

from listener.intake.threads import THREADS
from tests import counts
from tests.torture.outages import OUTAGES, Plan, outage

# The others differ in what the database says only; each takes a quarter of a minute.
PART = ("stopped", "frozen", "read-only", "without rights")
NAMES = tuple(OUTAGES) if counts.ALL else PART
BESIDE = 8
"""Threads of a worker that answer no request: it listens, writes, drains, probes, keeps house."""
ENGINES = ["mariadb", "mysql"] if counts.ALL else ["mariadb"]


@pytest.mark.parametrize("engine_name", ENGINES, indirect=True)
@pytest.mark.parametrize("name", NAMES)
def test_outage_loses_nothing_and_no_request_waits_8_seconds(
    engine_name: str, name: str, tmp_path: Path
):
    found = outage(name, Plan(engine_name), tmp_path)
    assert found.verdict.is_good, found
    assert found.verdict.acknowledged == 800
    assert found.failed == 0, found
    assert found.spooled > 20, found
    assert found.slowest < 8, found
    assert found.threads <= THREADS + BESIDE, found
    if counts.ALL and name != "flickering":  # which begins anew all the time
        assert found.p99_later < 0.5, found
