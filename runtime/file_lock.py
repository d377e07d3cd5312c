"""A lock that the processes of one machine share by the name of a file."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class FileLock:
    """One per process: to be made after a fork, which would share it.

    The kernel takes it back from a process that ends, however it ends. Not lockf: the kernel takes
    processes whose threads hold and wait for two locks for a deadlock.
    """

    def __init__(self, path: Path) -> None:
        """Open the file. Raises OSError, also where the file system has no locks."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = path.open("ab")
        with suppress(BlockingIOError):
            fcntl.flock(self.file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            self.release()

    def wait(self) -> None:
        """Take it, to have it until it is released; all threads of a process have it together."""
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def release(self) -> None:
        """Give it to who waits for it."""
        fcntl.flock(self.file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Release it and close the file."""
        self.file.close()

    @contextmanager
    def held(self, meanwhile: Callable[[], None] | None = None) -> Iterator[Callable[[], None]]:
        """Hold it in the block, or until what is given is called.

        Do something first where another process has it.
        """
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if meanwhile is not None:
                meanwhile()
            self.wait()
        is_held = True

        def give_back() -> None:
            nonlocal is_held
            if is_held:  # else it may be another's by now, in another thread
                is_held = False
                self.release()

        try:
            yield give_back
        finally:
            give_back()
