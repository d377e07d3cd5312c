"""Whether a delivery could be stored, asked for all who ask at once: anybody may ask."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from listener.intake.intake import Intake, can_store


class Readiness:
    """One per process: one question at a time, in one thread, however many wait for its answer."""

    def __init__(self) -> None:
        self.asking = threading.Lock()
        self.known = threading.Event()
        self.is_green = False
        # Not of the pool that stores deliveries: strangers could fill it.
        self.thread = ThreadPoolExecutor(1, "readiness")

    def ask(self, intake: Intake) -> bool:
        """Ask, or return the last answer while somebody else asks."""
        if not self.asking.acquire(blocking=not self.known.is_set()):
            return self.is_green
        try:
            self.is_green = can_store(intake)
            self.known.set()
        finally:
            self.asking.release()
        return self.is_green

    async def ask_off_loop(self, intake: Intake) -> bool:
        """Do what `ask` does, without holding up the loop."""
        if self.asking.locked() and self.known.is_set():
            return self.is_green
        return await asyncio.get_running_loop().run_in_executor(self.thread, self.ask, intake)


READINESS = Readiness()
