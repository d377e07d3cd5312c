"""What a fault is: how it is made, and what `--check` must say of it."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from config.settings import Settings, read
from listener.check import looked_at, shown

NAME = "runs.db"


class Place(NamedTuple):
    """A listener's folder, with unusual settings; what a fault opens is in `stack`."""

    folder: Path
    given: dict[str, str]
    stack: ExitStack

    @property
    def file(self) -> Path:
        """The file of its store."""
        return self.folder / NAME

    @property
    def settings(self) -> Settings:
        """Its settings."""
        usual = {"DATABASE_URL": f"sqlite:///{self.file}", "SPOOL_DIR": str(self.folder / "spool")}
        return read({}, {**usual, **self.given}, self.folder)


class Fault(NamedTuple):
    """A fault, the programmes that inject it, how it is made; its line, and what helps."""

    name: str
    programmes: str
    make: Callable[[Place], None]
    line: str
    says: str


class FaultOutcome(NamedTuple):
    """A fault, and the lines that are not ok."""

    fault: Fault
    lines: list[str]

    @property
    def told(self) -> str:
        """Return the line that tells it and says what helps; empty where there is none."""
        named = (line for line in self.lines if line[6:].startswith(self.fault.line))
        return next((line for line in named if self.fault.says in line), "")


def ask(settings: Settings) -> list[str]:
    """Return the lines of `--check` that are not ok."""
    lines = looked_at(settings)
    return [shown(line) for line in lines if line.wrong or line.warning]
