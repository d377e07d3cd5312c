"""The oldest PostgreSQL that is supported, Debian's 15: the store's tests in short, in a session of
their own beside the one of PyPI's newest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import databases
from tests.own_code import ROOT

OLDEST = Path("/usr/lib/postgresql/15/bin")
SHORT = (
    "tests/schema/test_migrate.py::test_migrated_schema_is_the_described_one",
    "tests/schema/test_views.py",
    "tests/store/test_two_doors.py",
    "tests/postgresql/test_merging.py",
    "tests/feedrunner/test_load.py::test_same_rows_again_change_nothing",
)


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_store_is_the_same_on_the_oldest_server(engine_name: str):
    if not (OLDEST / "postgres").exists() and engine_name not in os.environ.get(
        "REQUIRE_ENGINES", ""
    ):
        pytest.skip(f"no PostgreSQL in {OLDEST}: apt install postgresql-15")
    own = ("PYTEST_", databases.RUNNING[engine_name])
    environ = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    environ |= {
        "POSTGRESQL_BIN": str(OLDEST),
        "ENGINES": engine_name,
        "REQUIRE_ENGINES": engine_name,
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0", *SHORT]
    told = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=300
    )
    assert told.returncode == 0, told.stdout[-3000:]
    assert "engines: ran postgresql 15." in told.stdout
