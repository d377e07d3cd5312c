"""What the reconciler says: lines of the log, each thing once while it lasts."""

import logging
import threading

from backfill.pipeline.context import Reporter
from runtime import log


class CycleReporter(Reporter):
    """Says a sentence when it begins to be true, not again in the next cycles."""

    def __init__(self) -> None:
        super().__init__()
        self.before: set[str] = set()
        self.present: set[str] = set()
        self.saying = threading.Lock()

    def begin_cycle(self) -> None:
        """Forget what was true before the last cycle."""
        self.before, self.present, self.problems = self.present, set(), []

    def report(self, sentence: str) -> None:
        """Say what is wrong."""
        self.problems.append(sentence)
        self.say_once(sentence, logging.WARNING)

    def say(self, sentence: str) -> None:
        """Say what people may want to know."""
        self.say_once(sentence, logging.INFO)

    def warn(self, sentence: str) -> None:
        """Say what has just become wrong."""
        self.write(logging.WARNING, sentence)

    def say_once(self, sentence: str, level: int) -> None:
        """Say a sentence that was not said in this cycle or the last."""
        with self.saying:
            known = sentence in self.present or sentence in self.before
            self.present.add(sentence)
        if not known:
            self.write(level, sentence)

    def write(self, level: int, sentence: str) -> None:
        """Write one line, whatever was said before."""
        log.record(level, f"reconciler: {sentence}")
