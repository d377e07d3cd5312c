"""The benchmark of the backfill, over a few runs: both ways end alike, and requests are counted."""

import re
import subprocess
import sys

from tests.listener.process import ROOT

# As a command: it ends the servers of its session, which must not be those of other tests.
COMMAND = (sys.executable, "-m", "benchmarks.backfill")
FEW = ("--engines", "sqlite", "--runs", "20", "--rounds", "1")


def test_benchmark_of_few_runs_fills_both_databases_alike_and_counts_requests():
    ended = subprocess.run([*COMMAND, *FEW], cwd=ROOT, check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    ways = re.findall(r"^\| sqlite \| (\d+) \| \d+ \| (\w+) \| \d+ \|", ended.stdout, re.MULTILINE)
    assert [way for _, way in ways] == ["backfill", "plain"]
    # 20 runs with an attempt, 8 jobs or so, what is noted of reading it, and its mark each.
    assert all(int(rows) > 20 * 4 for rows, _ in ways)
    (requests,) = re.findall(r"^(\d+) requests for 1,000 runs; 2000 by", ended.stdout, re.MULTILINE)
    # A run takes one for its jobs, and one for each earlier attempt.
    assert int(requests) >= 1000
