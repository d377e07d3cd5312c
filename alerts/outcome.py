"""What became of a try to send: by it one knows whether to try again."""

from typing import NamedTuple

SENT, AGAIN, REFUSED, UNSURE = "sent", "again", "refused", "unsure"


class Outcome(NamedTuple):
    """A try: `why` is one line without an address; `after` are the seconds that were asked for."""

    kind: str
    why: str | None = None
    after: float | None = None


ARRIVED = Outcome(SENT)
