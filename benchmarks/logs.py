"""How fast logs are read for why jobs failed, beside the lines that Treeherder marks in them.

python -m benchmarks.logs [LOG ...] [--treeherder PATH]

Without logs the recorded samples are read, each as the failed step of a job whose earlier steps
printed all others. PATH is `treeherder/log_parser/parsers.py` of a checkout of Mozilla's
Treeherder (MPL 2.0); nothing of it is kept here, and its two imports that are not the standard
library's are stood in for.
"""

import argparse
import sys
import time
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rows.github.failure import LogFailureReader
from rows.github.runner_versions import version_reader
from rows.logs.stream import BLOCK, pass_on

SAMPLES = Path(__file__).parents[1] / "tests/rows/logs"
EVERY = 5
"""Of the samples, each that many times one is read as a failed step."""
TIMES = 3
STAMP = b"2026-03-02T12:00:00.1234567Z "


def main(argv: Sequence[str] | None = None) -> int:
    """Print bytes a second on one core; return 0."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("logs", nargs="*", type=Path, metavar="LOG")
    parser.add_argument("--treeherder", type=Path, metavar="PATH")
    given = parser.parse_args(argv)
    logs = [path.read_bytes() for path in given.logs] or made_up_logs()
    length = sum(map(len, logs)) / 1e6
    print(f"{len(logs)} logs, {length:.1f} MB")
    ours = rate(logs, read_by_us)
    print(f"Runledger: {ours:.1f} MB/s")
    print(f"the versions that they list: {rate(logs, read_versions):.1f} MB/s")
    if given.treeherder is not None:
        theirs = rate(logs, reader_of_treeherder(given.treeherder))
        print(
            f"Treeherder's error lines: {theirs:.1f} MB/s; ours is {ours / theirs:.1f} times that"
        )
    return 0


def made_up_logs() -> list[bytes]:
    """Return a log for some of the samples: the others are the steps that passed before."""
    paths = sorted(SAMPLES.rglob("*.txt"))
    texts = [path.read_bytes() for path in paths]
    passed = b"".join(text.replace(b"##[error]", b"") for text in texts)
    return [stamped(passed + text) for text in texts[::EVERY]]


def stamped(log: bytes) -> bytes:
    """Return a log with a time before each line that has none."""
    lines = (line if line[10:11] == b"T" else STAMP + line for line in log.split(b"\n"))
    return b"\n".join(lines)


def rate(logs: Sequence[bytes], read: Callable[[bytes], object]) -> float:
    """Return megabytes a second of processor time, the best of some rounds."""
    best = float("inf")
    for _ in range(TIMES):
        begin = time.process_time()
        for log in logs:
            read(log)
        best = min(best, time.process_time() - begin)
    return sum(map(len, logs)) / 1e6 / best


def read_by_us(log: bytes) -> object:
    """Read a log as it comes from a network."""
    reader = LogFailureReader()
    pass_on((log[at : at + BLOCK] for at in range(0, len(log), BLOCK)), [reader])
    return reader.messages()


def read_versions(log: bytes) -> object:
    """Read the versions that a log lists, as it comes from a network."""
    reader = version_reader()
    pass_on((log[at : at + BLOCK] for at in range(0, len(log), BLOCK)), [reader])
    return reader.versions


def reader_of_treeherder(path: Path) -> Callable[[bytes], object]:
    """Return what marks the error lines of a log by Treeherder's own parser."""
    stand_ins: dict[str, dict[str, Any]] = {
        "jsonschema": {"ValidationError": ValueError},
        "django": {},
        "django.conf": {"settings": types.SimpleNamespace(MAX_ERROR_LINES=100_000)},
        "treeherder": {},
        "treeherder.log_parser": {},
        "treeherder.log_parser.utils": {"validate_perf_data": lambda data: None},
    }
    for name, values in stand_ins.items():
        module = types.ModuleType(name)
        vars(module).update(values)
        sys.modules[name] = module
    scope: dict[str, Any] = {"__name__": "treeherder.log_parser.parsers"}
    exec(compile(path.read_text("utf-8"), str(path), "exec"), scope)  # noqa: S102 - named by hand

    def read(log: bytes) -> object:
        parser = scope["ErrorParser"]()
        for number, line in enumerate(log.decode(errors="replace").splitlines()):
            parser.parse_line(line, number)
        return parser.get_artifact()

    return read


if __name__ == "__main__":
    sys.exit(main())
