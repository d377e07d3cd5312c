"""Bring deliveries to a store by the doors that production uses: webhook, API page, replay."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select

from config.watch import watch
from engines import reading
from rows import Mapped
from rows.github.events import rows_for
from schema.tables.deliveries import deliveries
from store.deliveries.table import APPLIED, IGNORED, Delivery, DeliveryFilter
from store.doors import api, replay, webhook
from store.doors.api import Read
from store.doors.decide import Decision, decide_each
from store.doors.replay import StoredDecision
from store.doors.same_guid import key_of
from tests.store.writers import together
from tests.stories.story import Story

RECEIVED = datetime(2026, 5, 2, 12)
"""After all that happens in the stories and worlds, so that every time of theirs is believed."""


class Sent(Decision):
    """A delivery with its rows, shown in a few words."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"{self.delivery.event} {self.delivery.action or ''} {self.delivery.guid}"

    @property
    def rows(self) -> Mapped:
        """Its rows, which it has."""
        assert self.mapped is not None
        return self.mapped


def sent(event: str, payload: dict[str, Any], guid: str, received: datetime = RECEIVED) -> Sent:
    """Return a delivery as the listener hands it over."""
    mapped = rows_for(event, payload, None, received)
    repo = str(mapped.repository.values["name"])
    body = json.dumps(payload).encode()
    action = payload.get("action")
    delivery = Delivery(mapped.provider, guid, 1, event, action, repo, received, body)
    return Sent(delivery, APPLIED, mapped=mapped)


def with_guid(one: Sent, guid: str) -> Sent:
    """Return a delivery under another guid: its rows are written again."""
    return one._replace(delivery=one.delivery._replace(guid=guid))


def told(story: Story) -> list[Sent]:
    """Return the deliveries of a story, in order."""
    return [
        sent(event, payload, f"{story.name[:40]} {place}")
        for place, (event, payload) in enumerate(story.deliveries)
    ]


Door = Callable[[Engine, Sequence[Decision]], None]


def by_webhook(engine: Engine, batch: Sequence[Decision]) -> None:
    """Store deliveries as the listener does those that came at once."""
    webhook.store_each(engine, batch, raise_bug, made={})


def by_api(engine: Engine, batch: Sequence[Decision]) -> None:
    """Store their rows as a page of the API, which no delivery brought."""
    api.write(engine, [Read(one.mapped) for one in batch if one.mapped is not None])


def by_replay(engine: Engine, batch: Sequence[Decision]) -> None:
    """Store deliveries as they came, and replay them as one page."""
    for one in batch:
        quarantine(engine, one.delivery)
    with reading(engine).connect() as connection:
        query = select(deliveries.c.provider, deliveries.c.guid, deliveries.c.Id)
        numbers = {(row.provider, row.guid): row.Id for row in connection.execute(query)}
    page = [StoredDecision(numbers[key_of(one)], one) for one in batch]
    outcomes = replay.write_page(engine, page)
    assert {outcome.state for outcome in outcomes} <= {APPLIED}, outcomes


DOORS: dict[str, Door] = {"webhook": by_webhook, "API": by_api, "replay": by_replay}


def raise_bug(error: Exception, delivery: Delivery) -> None:
    raise error


def store(engine: Engine, delivery: Delivery) -> str:
    """Store a delivery as the listener does, which watches all; return what became of it."""
    decisions = list(decide_each(engine, watch(()), [delivery]))
    outcomes = webhook.store_each(engine, decisions, raise_bug)
    return outcomes[0].state


def quarantine(engine: Engine, delivery: Delivery, reason: str = "a mistake of ours") -> str:
    """Store a delivery without its rows; return what became of it."""
    outcomes = webhook.quarantine(engine, delivery, reason)
    return outcomes[0].state


def ignore(engine: Engine, delivery: Delivery, reason: str) -> str:
    """Note a delivery that is not for us; return what became of it."""
    outcomes = webhook.store_all(engine, [Decision(delivery, IGNORED, reason)])
    return outcomes[0].state


def write(engine: Engine, batch: Iterable[Mapped]) -> None:
    """Store rows as a page of the API."""
    api.write(engine, [Read(mapped) for mapped in batch])


def write_all(engine: Engine, batches: Iterable[Iterable[Mapped]]) -> None:
    """Store rows as pages of the API, one after the other."""
    for batch in batches:
        write(engine, batch)


def deliver_batches(engine: Engine, batches: Iterable[Sequence[Decision]]) -> None:
    """Store batches of deliveries as those that came at once, one batch after the other."""
    for batch in batches:
        by_webhook(engine, batch)


def deliver(engine: Engine, those: Iterable[Decision], door: Door = by_webhook) -> None:
    """Store deliveries one after the other."""
    for one in those:
        door(engine, [one])


def deliver_at_once(
    engines: Sequence[Engine], hands: Sequence[Sequence[Decision]], doors: Sequence[Door]
) -> None:
    """Let each engine store its hand by its door, all at the same time; raise what they raise."""
    works = zip(engines, hands, doors, strict=True)
    together(
        [
            lambda engine=engine, hand=hand, door=door: deliver(engine, hand, door)
            for engine, hand, door in works
        ]
    )


def replay_all(engine: Engine) -> None:
    """Map the stored deliveries again and write their rows."""
    for page in replay.replay(engine, DeliveryFilter(), ()):
        assert {outcome.state for outcome in page} == {APPLIED}, page
