"""What the reconciler says: lines of the listener's form, each thing once while it lasts."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import IO

from backfill.pipeline.progress_bars import ProgressBars

LONGEST = 500


class CycleReporter(ProgressBars):
    """Says sentences without the secrets it is given; counts nothing, draws no bars.

    A sentence is said when it begins to be true, not again in the next cycles.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self.stream: IO[str] = sys.stderr
        self.secrets = [secret for secret in secrets if len(secret) >= 4]
        self.before: set[str] = set()
        self.present: set[str] = set()
        self.problems: list[str] = []
        self.saying = threading.Lock()

    def begin_cycle(self) -> None:
        """Forget what was true before the last cycle."""
        self.before, self.present, self.problems = self.present, set(), []

    def report(self, sentence: str) -> None:
        """Say what is wrong."""
        self.problems.append(sentence)
        self.say_once(sentence, "warning")

    def say(self, sentence: str) -> None:
        """Say what people may want to know."""
        self.say_once(sentence, "info")

    def warn(self, sentence: str) -> None:
        """Say what has just become wrong."""
        self.write("warning", sentence)

    def say_once(self, sentence: str, level: str) -> None:
        """Say a sentence that was not said in this cycle or the last."""
        with self.saying:
            known = sentence in self.present or sentence in self.before
            self.present.add(sentence)
        if not known:
            self.write(level, sentence)

    def write(self, level: str, sentence: str) -> None:
        """Write one line, whatever was said before."""
        text = sentence
        for secret in self.secrets:
            text = text.replace(secret, "***")
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        shown = json.dumps(f"reconciler: {text[:LONGEST]}")
        print(f"time={time} level={level} msg={shown}", file=self.stream, flush=True)

    def begin(self, name: str) -> None:
        """Draw nothing."""

    def expect(self, phase: str, total: int | None) -> None:
        """Draw nothing."""

    def advance(self, phase: str, count: int = 1) -> None:
        """Draw nothing."""
