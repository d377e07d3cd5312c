"""What was started on a terminal ends with it, whoever leads its session."""

import os
import pty
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LEADER = """
import signal, subprocess, sys
signal.signal(signal.SIGHUP, lambda *_: None)  # as make does: it waits for what it started
sys.exit(subprocess.call([sys.executable, "-c", sys.argv[1]], process_group=eval(sys.argv[2])))
"""
CHILD = """
import os, time
from runtime import terminal
terminal.SECONDS = 0.1
terminal.end_with_terminal()
print("ready", os.getpid(), flush=True)
time.sleep(30)
"""
GONE_BEFORE_IT_IS_WATCHED = """
import os, threading, time
from runtime import terminal
terminal.SECONDS = 0.1
begin = threading.Thread.start
def begin_late(thread):
    print("ready", os.getpid(), flush=True)
    while terminal.is_in_front() is not None:
        time.sleep(0.05)
    begin(thread)
threading.Thread.start = begin_late
terminal.end_with_terminal()
time.sleep(30)
"""


@pytest.mark.parametrize(
    ("program", "group", "ends"),
    [
        pytest.param(CHILD, "None", True, id="in front"),
        pytest.param(GONE_BEFORE_IT_IS_WATCHED, "None", True, id="gone before it is watched"),
        pytest.param(CHILD, "0", False, id="in the back"),
    ],
)
def test_closed_terminal_ends_what_its_leader_waits_for(program: str, group: str, *, ends: bool):
    command = ["env", "--default-signal=HUP", sys.executable, "-c", LEADER, program, group]
    leader, shown = pty.fork()
    if leader == 0:
        os.chdir(ROOT)
        os.execvp(command[0], command)  # noqa: S606 - our own interpreter
    told = b""
    while b"\n" not in told:
        told += os.read(shown, 1000)
    child = int(told.split()[1])
    os.close(shown)  # the terminal
    until = time.monotonic() + (20 if ends else 1.5)
    while time.monotonic() < until and lives(child):
        time.sleep(0.05)
    assert lives(child) is not ends  # what runs in the back was meant to live on
    if not ends:
        os.kill(child, 15)
    os.waitpid(leader, 0)


def lives(process: int) -> bool:
    """Tell whether a process is there, and not only its exit code."""
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
    )
    return state.stdout.strip()[:1] not in ("", "Z")
