"""What a job says of its failure: one message."""

from typing import NamedTuple


class FailureMessage(NamedTuple):
    """What failed, the lines before it, and where.

    `vague` when it only says that it did, `is_end` when it is only the end of what the step
    printed: neither is known to be the cause.
    """

    text: str
    context: str | None = None
    path: str | None = None
    line: int | None = None
    vague: bool = False
    is_end: bool = False

    @property
    def kind(self) -> str:
        """The same in one word: `cause`, `end` or `vague`."""
        return "end" if self.is_end else "vague" if self.vague else "cause"
