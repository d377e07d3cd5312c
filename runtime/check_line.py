"""What `--check` says of one thing, the listener itself or a look at webhooks beside it."""

from typing import NamedTuple


class CheckLine(NamedTuple):
    """One thing that was looked at: `wrong` is empty when all is well.

    A `warning` needs somebody's attention, and stops nothing.
    """

    name: str
    state: str
    wrong: str = ""
    warning: bool = False
