"""Send deliveries to a store, as the listener does: one writer, or several at once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Engine

from engines import connect, reading
from rows import Mapped
from rows.github.events import rows_for as mapped
from store import apply
from store.deliveries import table
from store.deliveries.table import Delivery, Wanted
from tests.conftest import clear_store
from tests.equality import check_equal, contents, written
from tests.stories.story import Story

RECEIVED = datetime(2026, 3, 2, 12)
PATIENCE = 60  # seconds until a writer that hangs fails the test


class Sent(NamedTuple):
    """A delivery with its rows."""

    delivery: Delivery
    mapped: Mapped

    def __repr__(self) -> str:
        return f"{self.delivery.event} {self.delivery.action or ''} {self.delivery.guid}"


def sent(event: str, payload: dict[str, Any], guid: str) -> Sent:
    """Return a delivery as the listener hands it over."""
    found = mapped(event, payload)
    repo = str(found.repository.values["name"])
    body = json.dumps(payload).encode()
    action = payload.get("action")
    delivery = Delivery(found.provider, guid, 1, event, action, repo, RECEIVED, body)
    return Sent(delivery, found)


def told(story: Story) -> list[Sent]:
    """Return the deliveries of a story, in order."""
    return [
        sent(event, payload, f"{story.name[:40]} {place}")
        for place, (event, payload) in enumerate(story.deliveries)
    ]


def deliver(engine: Engine, those: Iterable[Sent]) -> None:
    """Store deliveries one after the other."""
    for one in those:
        apply.store(engine, one.delivery, one.mapped)


def write_all(engine: Engine, batches: Iterable[Sequence[Mapped]]) -> None:
    """Store batches that no delivery brought, one after the other."""
    for batch in batches:
        apply.write(engine, batch)


def deliver_at_once(engines: Sequence[Engine], hands: Sequence[Sequence[Sent]]) -> None:
    """Let each engine store its hand of deliveries, all at the same time; raise what they raise."""
    pairs = zip(engines, hands, strict=True)
    together([lambda engine=engine, hand=hand: deliver(engine, hand) for engine, hand in pairs])


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


def replay(engine: Engine) -> None:
    """Map the stored deliveries again and write their rows."""
    after = 0
    while True:
        with reading(engine).connect() as connection:
            found = table.page(connection, Wanted(), after)
        if not found:
            return
        for number, delivery in found:
            apply.write(engine, [mapped(delivery.event, json.loads(delivery.body))])
            after = number


def emptied(url: str) -> None:
    """Delete all rows, and what this process knows of them."""
    clear_store(url)
    apply.KNOWN.clear()


def opened(url: str, writers: int) -> list[Engine]:
    """Return that many engines for a database, as many processes would have."""
    return [connect(url) for _ in range(writers)]


def check_story(engine: Engine, story: Story) -> None:
    """Fail unless the store holds the story's rows, and nothing else but its deliveries."""
    check_equal(contents(engine), written(story.rows))
