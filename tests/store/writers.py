"""Writers of one store: emptied before, several at once, and what they must leave."""

import threading
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine

from engines import connect
from store import apply
from tests.conftest import clear_store
from tests.equality import check_equal, contents, written
from tests.stories.story import Story

PATIENCE = 60  # seconds until a writer that hangs fails the test


def together(works: Sequence[Any], seconds: float = PATIENCE) -> None:
    """Run functions in threads of their own, all from the same moment; raise the first error."""
    ready = threading.Barrier(len(works))
    errors: list[BaseException] = []

    def run(work: Any) -> None:
        try:
            ready.wait(PATIENCE)
            work()
        except BaseException as error:  # noqa: BLE001 - raised again below, in the test's thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds)
    if errors:
        raise errors[0]
    assert not any(thread.is_alive() for thread in threads), "a writer hangs"


def emptied(url: str) -> None:
    """Delete all rows, and what this process knows of them."""
    clear_store(url)
    apply.CACHES.clear()


def opened(url: str, writers: int) -> list[Engine]:
    """Return that many engines for a database, as many processes would have."""
    return [connect(url) for _ in range(writers)]


def check_story(engine: Engine, story: Story) -> None:
    """Fail unless the store holds the story's rows, and nothing else but its deliveries."""
    check_equal(contents(engine), written(story.rows))
