"""An adoption that is killed at any statement is continued by the next one."""

import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import Engine

from schema import migrate
from tests.counts import count
from tests.schema.small import filled, rows

ROOT = Path(__file__).resolve().parents[3]

ADOPT = """
import sys, time
from schema import migrate
from sqlalchemy import event
from engines import connect
engine = connect(sys.argv[1], read_seconds=60)
if sys.argv[2] != "all":
    import os, signal
    left = [int(sys.argv[2])]
    def die(_c, _cursor, sql, *_):
        if sql.lstrip().upper().startswith(("CREATE", "DROP", "ALTER", "UPDATE", "INSERT")):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
    event.listen(engine, "before_cursor_execute", die)
migrate.upgrade(engine)
"""


def adopting(url: str, statement: str) -> int:
    """Adopt in a process of its own that is killed before a statement; return how it ended."""
    command = [sys.executable, "-c", ADOPT, url, statement]
    return subprocess.run(command, cwd=ROOT, check=False, timeout=300).returncode


def test_adoption_killed_anywhere_is_continued_at_once(engine: Engine, database_url: str):
    """The killed process held the lease: whoever comes next must not wait for its end."""
    filled(engine)
    ended, statement = -9, 0
    began = time.monotonic()
    while ended == -9:
        ended = adopting(database_url, str(statement))
        assert ended in (0, -9)
        statement += count(19, 1)
        assert len(rows(engine, "workflowruns")) == 3
    assert statement > 20  # each that was killed leaves less to do
    assert migrate.state(engine) == "current"
    assert migrate.planned(engine)[0] == []
    assert [row["repoid"] for row in rows(engine, "branches")] == [3, 7, None]
    assert time.monotonic() - began < 300
