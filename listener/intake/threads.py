"""What would hold up the loop that answers all requests of a process: it is done in threads."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

THREADS = 16
"""For questions to the database, the spool, and bodies of megabytes."""

MOST_LONG = 8
"""Long bodies that are in memory at once: a payload takes several times its length."""
LONG, LONG_WAITING = asyncio.Semaphore(MOST_LONG), threading.Semaphore(MOST_LONG)

Result = TypeVar("Result")

POOL = ThreadPoolExecutor(
    THREADS, "off-loop"
)  # starts no thread before it has work: it may be forked


async def off_loop(work: Callable[..., Result], *arguments: Any) -> Result:
    """Return what `work` returns in a thread, or raise what it raises."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(POOL, partial(work, *arguments))
