"""Which tests run on PostgreSQL and MariaDB: in `make test` those where an engine can make a
difference.

Twenty minutes are all that four engines and the rest have. SQLite and MySQL, the engines of a first
try and of production, run every test. With RUNLEDGER_TEST=all, or `make test-postgresql`, every
test that has an engine runs on all.
"""

from collections.abc import Container

PART = (
    "tests/engines/",
    "tests/postgresql/",
    "tests/deploy/test_postgresql_accounts.py",
    "tests/deploy/grafana/",
    "tests/deploy/test_compose.py",
    "tests/kubernetes/",
    "tests/schema/test_migrate.py",
    "tests/schema/test_views.py",
    "tests/store/test_convergence.py",
    "tests/store/test_two_doors.py",
    "tests/store/test_guards.py",
    "tests/store/copying/",
    "tests/store/test_open.py",
    "tests/store/write/",
    "tests/store/doors/",
    "tests/store/state/test_clock.py",
    "tests/feedrunner/test_load.py::test_load_that_is_killed",
    "tests/feedrunner/test_load.py::test_same_rows_again",
    "tests/listener/test_check.py",
    "tests/listener/test_webhook_faults.py",
    "tests/dashboard/pages/test_pages.py",
    "tests/sqlauthenticator/test_parity.py",
    "tests/sqlauthenticator/postgresql/",
    "tests/sqlauthenticator/reader/",
)
"""What runs on them always, by the beginning of its path."""
LONG = (
    "tests/postgresql/test_outages.py::test_outage_loses_nothing",
    "tests/engines/test_deadlocks.py",
    "tests/schema/test_migrate.py::test_upgrade_that_was_killed_anywhere_is_continued",
    "tests/sqlauthenticator/postgresql/test_access.py",
    "tests/sqlauthenticator/reader/test_reading_only.py::test_missing_guard_is_noticed",
)
"""Of these, what runs on PostgreSQL with RUNLEDGER_TEST=all only."""
NONE_EARLIER = ("tests/schema/adopt/", "tests/store/write/test_adopted_", "tests/benchmarks/")
"""Tables of an earlier installation, of which there are none on PostgreSQL."""


def runs(test: str, engine: str, others: Container[str], *, whole: bool) -> bool:
    """Tell whether a test, by its path within the project, runs on its engine this time.

    `others`: the paths of all tests. What is MariaDB's alone has no other on MySQL, and runs.
    """
    if engine == "postgresql":
        if test.startswith(NONE_EARLIER):
            return False
        return whole or (test.startswith(PART) and not test.startswith(LONG))
    if engine == "mariadb" and test.replace("mariadb", "mysql") in others:
        return whole or test.startswith(PART)
    return True
