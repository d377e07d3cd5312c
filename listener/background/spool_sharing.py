"""Whether a spool is shared with a listener of another database, which would be given what waits.

Each process holds, as long as it lives, the lock of a file that is named for its database.
"""

import fcntl
import hashlib
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import URL

from engines.reaching.same_store import place_of
from runtime.log import ChangeAlert

SHARED = ChangeAlert(
    "SPOOL_DIR is shared with a listener of another database: what waits stays there, and only one"
    " of them heals its store",
    "SPOOL_DIR is shared with no listener of another database any more",
)
GLOB = "store-*.lock"


def hold_mark(folder: Path, url: URL) -> BinaryIO:
    """Show that a process writes to this database until what is returned is closed.

    Raises OSError.
    """
    name = hashlib.sha256(place_of(url).encode()).hexdigest()[:16]
    mark = (folder / GLOB.replace("*", name)).open("ab")
    fcntl.flock(mark, fcntl.LOCK_SH)
    return mark


def is_shared(mark: BinaryIO) -> bool:
    """Tell whether a process lives that holds another mark beside this one, and log a change."""
    own = Path(mark.name)
    for other in sorted(own.parent.glob(GLOB)):
        if other.name != own.name and is_held(other):
            SHARED.warn("give each a folder of its own")
            return True
    SHARED.clear()
    return False


def is_held(file: Path) -> bool:
    """Tell whether a process lives that holds a mark. Raises OSError."""
    with file.open("ab") as mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
