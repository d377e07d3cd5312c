"""What people see while it works: bars on a terminal, a line now and then elsewhere."""

import sys
import threading
import time
from typing import IO, Any

from tqdm import tqdm

from backfill.http.rate_limit import RateLimit
from backfill.pipeline.context import Reporter
from rows.one_line import one_line

EVERY_SECONDS = 5.0
UNITS = {"runs": "run", "seeded": "run", "jobs": "run", "commits": "commit", "reasons": "job"}


class ProgressBars(Reporter):
    """Counts what is done in each phase; sentences and bars do not mix up. One for all threads."""

    def __init__(self) -> None:
        super().__init__()
        self.stream: IO[str] = sys.stderr
        self.rate_limit: RateLimit | None = None
        self.name = ""
        self.bars: dict[str, tqdm[Any]] = {}
        self.done: dict[str, int] = {}
        self.totals: dict[str, int | None] = {}
        self.began = self.line_time = time.monotonic()
        self.lock = threading.Lock()

    def begin(self, name: str) -> None:
        """Start to show a repository."""
        self.end()
        self.name, self.began = one_line(name), time.monotonic()
        self.done, self.totals = {}, {}

    def expect(self, phase: str, total: int | None) -> None:
        """Say how much a phase has to do."""
        with self.lock:
            self.totals[phase] = total
            if not self.stream.isatty():
                return
            if phase not in self.bars:
                self.bars[phase] = tqdm(
                    desc=f"{self.name} {phase}",
                    unit=UNITS[phase],
                    file=self.stream,
                    position=len(self.bars),
                    leave=False,
                )
            self.bars[phase].total = total
            self.bars[phase].refresh()

    def advance(self, phase: str, count: int = 1) -> None:
        """Count what is done."""
        with self.lock:
            self.done[phase] = self.done.get(phase, 0) + count
            if phase in self.bars:
                self.bars[phase].set_postfix_str(self.format_budget(), refresh=False)
                self.bars[phase].update(count)
            elif not self.stream.isatty() and time.monotonic() - self.line_time >= EVERY_SECONDS:
                self.line_time = time.monotonic()
                print(self.format_line(), file=self.stream, flush=True)

    def format_budget(self) -> str:
        """Return what is left of the vendor's limit."""
        budget = self.rate_limit.budget if self.rate_limit else None
        return f"{budget.remaining:,} of {budget.limit:,} calls left" if budget else ""

    def format_line(self) -> str:
        """Return in one line what is done, what is left, and when it will be over."""
        parts = []
        for phase in UNITS:
            if phase in self.done:
                total = self.totals.get(phase)
                parts.append(f"{phase} {self.done[phase]}" + (f" of {total}" if total else ""))
        if eta := self.format_eta():
            parts.append(eta)
        return "; ".join(filter(None, (f"{self.name}: {', '.join(parts)}", self.format_budget())))

    def format_eta(self) -> str:
        """Return how long the jobs of the runs that are left will take, or their reasons."""
        phase = "reasons" if "reasons" in self.done else "jobs"
        done, total = self.done.get(phase, 0), self.totals.get(phase)
        if not done or not total or done >= total:
            return ""
        seconds = (time.monotonic() - self.began) / done * (total - done)
        return f"about {format_span(seconds)} to go"

    def say(self, sentence: str) -> None:
        """Print a sentence in one line, above the bars if there are any."""
        sentence = one_line(sentence)
        with self.lock:
            if self.bars:
                tqdm.write(sentence, file=self.stream)
            else:
                print(sentence, file=self.stream, flush=True)

    def end(self) -> None:
        """Take the bars away."""
        with self.lock:
            for bar in self.bars.values():
                bar.close()
            if self.bars:
                self.stream.write("\r")  # or the next line begins where the last bar ended
                self.stream.flush()
            self.bars = {}


def format_span(seconds: float) -> str:
    """Return a length of time in its two largest units."""
    whole = max(1, round(seconds))
    for unit, length, smaller, part in (
        ("d", 86_400, "h", 3600),
        ("h", 3600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if whole >= length:
            rest = whole % length // part
            return f"{whole // length} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"
