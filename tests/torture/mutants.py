"""Take one guard away at a time, and see that a named test notices.

python -m tests.torture.mutants
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.listener.process import ROOT

SECONDS = 240
SKIPPED = shutil.ignore_patterns(".git", ".venv*", "data", "__pycache__", ".*_cache", ".hypothesis")


class Mutant(NamedTuple):
    """A guard: its file, the text that is it, what stands there without it, the test that fails."""

    guard: str
    file: str
    old: str
    new: str
    test: str


MUTANTS = (
    Mutant(
        "commit before the answer",
        "listener/intake/intake.py",
        "    intake.group_commit.store_soon(decision, DATABASE_SECONDS, learn)\n",
        '    tell(answers.stored("applied"))\n'
        "    store_soon, ends = intake.group_commit.store_soon, DATABASE_SECONDS\n"
        "    later = asyncio.get_running_loop().call_later\n"
        "    later(0.1, store_soon, decision, ends, lambda _: None)\n",
        "tests/listener/test_webhook.py::test_delivery_of_a_run_is_applied_with_its_raw_body",
    ),
    Mutant(
        "fsync of the spool",
        "store/deliveries/spool_file.py",
        "PRAGMA synchronous = FULL;",
        "PRAGMA synchronous = NORMAL;",
        "tests/store/deliveries/test_spool.py::test_commits_are_synced_to_the_disk",
    ),
    Mutant(
        "digest of an entry of the spool",
        "store/deliveries/spool_damage.py",
        "    if mark is not None and mark != digest(stored):\n",
        "    if False:\n",
        "tests/store/deliveries/test_spool_damage.py"
        "::test_entry_whose_bytes_changed_is_put_aside_and_its_neighbours_come_out",
    ),
    Mutant(
        "count of the spool",
        "store/deliveries/spool_file.py",
        "    if missing:\n",
        "    if False:\n",
        "tests/store/deliveries/test_spool_damage.py::test_log_that_is_gone_is_noticed_by_the_count",
    ),
    Mutant(
        "count of the store",
        "store/deliveries/acknowledged.py",
        "        missing = max(before - last, 0)\n",
        "        missing = 0\n",
        "tests/store/deliveries/test_acknowledged.py"
        "::test_log_that_is_gone_is_told_until_the_count_is_removed",
    ),
    Mutant(
        "rows compared with their deliveries",
        "store/doors/verify_rows.py",
        "        if row is None:\n            yield f",
        "        if row is None:\n            continue\n            yield f",
        "tests/store/doors/test_verify.py"
        "::test_row_that_is_missing_is_told_with_a_delivery_that_says_it",
    ),
    Mutant(
        "delete from the spool after the commit",
        "listener/background/spool_drain.py",
        "    outcomes = webhook.store_each(",
        "    drain.spool.remove(entry.number for entry in entries)\n"
        "    outcomes = webhook.store_each(",
        "tests/listener/background/test_spool_drain.py::test_entries_stay_until_their_transaction_is_committed",
    ),
    Mutant(
        "read timeout",
        "engines/mysql.py",
        '("read_timeout", "write_timeout"), seconds)',
        '("read_timeout", "write_timeout"), 3600)',
        "tests/engines/test_deadline.py::test_frozen_server_costs_one_read_timeout_on_a_pooled_and_on_a"
        "_new_connection",
    ),
    Mutant(
        "deadline of a batch",
        "listener/intake/group_commit.py",
        "BATCH_SECONDS = 3.5",
        "BATCH_SECONDS = 350.0",
        "tests/listener/intake/test_intake.py::test_rows_locked_too_long_send_the_delivery_to_the_spool_in_time",
    ),
    Mutant(
        "rollback after a lock wait timeout",
        "engines/transaction.py",
        "            with connection.begin():\n                result = work(connection)\n",
        "            try:\n"
        "                result = work(connection)\n"
        "            finally:\n"
        "                connection.commit()\n",
        "tests/engines/test_transaction.py::test_lock_that_is_never_had_leaves_nothing_of_its_transaction",
    ),
    Mutant(
        "commit before the outcome is told",
        "engines/transaction.py",
        "            if committed is not None:\n",
        "                if committed is not None:\n    ",
        "tests/engines/test_transaction.py::test_result_is_told_once_when_it_is_durable_and_before_the"
        "_connection_is_given_back",
    ),
    Mutant(
        "breaker",
        "listener/intake/intake.py",
        "            intake.breaker.trip(outcome)\n",
        "            pass\n",
        "tests/listener/test_webhook_faults.py::test_delivery_while_the_database_is_down_is_to_be_sent"
        "_again",
    ),
    Mutant(
        "compare in constant time",
        "listener/vendors/github.py",
        'hmac.compare_digest(hmac.digest(secret, body, "sha256"), claimed)',
        'hmac.digest(secret, body, "sha256") == claimed',
        "tests/listener/vendors/test_signature.py",
    ),
    Mutant(
        "the whole body is read",
        "listener/asgi.py",
        "    if is_cut or (length is not None and len(body) < length):",
        "    if False:",
        "tests/listener/wire/test_answers.py::test_body_cut_off_is_400",
    ),
    Mutant(
        "a limit on the body",
        "listener/vendors/head.py",
        "int(length) > BODY_BYTES",
        "False",
        "tests/listener/wire/test_answers.py::test_body_of_26_mib_is_413_before_it_is_read",
    ),
)


def main() -> int:
    """Print what became of each mutant; return 0 when all were noticed."""
    survivors = 0
    for one in MUTANTS:
        noticed = is_noticed(one)
        survivors += not noticed
        print(f"| {one.guard} | {one.test} | {'noticed' if noticed else 'SURVIVED'} |", flush=True)
    return int(survivors > 0)


def is_noticed(one: Mutant) -> bool:
    """Tell whether the test passes with the guard and fails without it."""
    folder = Path(tempfile.mkdtemp(prefix="runledger-mutant-")) / "tree"
    try:
        shutil.copytree(ROOT, folder, ignore=SKIPPED)
        if not passes(folder, one.test):
            return False
        file = folder / one.file
        text = file.read_text()
        assert text.count(one.old) == 1, f"{one.file} has no {one.old!r}"
        file.write_text(text.replace(one.old, one.new))
        return not passes(folder, one.test)
    finally:
        shutil.rmtree(folder.parent)


def passes(folder: Path, test: str) -> bool:
    """Run a test in a copy of the tree; one that hangs has failed."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    environment = {**os.environ, "ENGINES": "sqlite,mariadb"}
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
