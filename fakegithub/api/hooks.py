"""Webhooks and their delivery logs: who asks for which events, what was sent, how it ended.

`deliver(url, secret, delivery, content_type)` sends one delivery without any hook.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

import requests

from fakegithub.api.delivering import ContentType, Message, Outcome, deliver, headers_of, message
from fakegithub.payloads.events import ping_event
from fakegithub.payloads.templates import number_for
from fakegithub.world.entities import Repo
from fakegithub.world.ledger import FIRST_IDS
from fakegithub.world.shapes import repository
from fakegithub.world.world import Delivery, World

__all__ = ["Hook", "Hooks", "Message", "Outcome", "Record", "deliver", "message"]

# GitHub keeps deliveries for three days (GHES for seven).
KEPT_SECONDS = 3 * 86_400
APP = 123_456


class Record(NamedTuple):
    """One line of a hook's delivery log."""

    id: int
    delivered_at: int
    redelivery: bool
    delivery: Delivery | Message
    outcome: Outcome


@dataclass
class Hook:
    """A webhook of a repository (`repo_id`), an organisation (`owner`) or an App (neither)."""

    id: int
    url: str
    events: tuple[str, ...]
    created_at: int
    updated_at: int
    repo_id: int | None = None
    owner: str | None = None
    secret: str | None = None
    content_type: ContentType = "form"
    insecure_ssl: str = "0"
    active: bool = True
    log: list[Record] = field(default_factory=list)

    @property
    def target(self) -> tuple[str, int]:
        """Return type and id of what the hook belongs to, as delivery headers name it."""
        if self.repo_id is not None:
            return "repository", self.repo_id
        if self.owner is None:
            return "integration", APP
        return "organization", number_for(self.owner or "")

    def wants(self, delivery: Delivery, repo: Repo | None) -> bool:
        """Tell whether a delivery goes to this hook."""
        if not self.active or not {delivery.event, "*"} & set(self.events):
            return False
        if self.repo_id is not None:
            gone = (delivery.event, delivery.action) == ("repository", "deleted")
            return delivery.repository_id == self.repo_id and not gone
        return repo is not None and self.owner in (None, repo.full_name.split("/")[0])


# What may befall a delivery: None is nothing; "never": GitHub makes none at all; "lost": it fails
# before it reaches the receiver; "twice"; "late": it comes with the next round.
Mishap = Callable[[Delivery, Hook], str | None]
LOST = Outcome("Invalid HTTP Response: 503", 503, 0.1, {}, {}, "")


class Hooks:
    """All hooks of the server, and what was sent to them."""

    def __init__(self, world: World, now: Callable[[], int]) -> None:
        self.world = world
        self.now = now
        self.hooks: dict[int, Hook] = {}
        self.delayed: list[tuple[Hook, Delivery]] = []
        self._sent = 0
        self._hook_ids = count(FIRST_IDS["hook"], 17)
        self._record_ids = count(FIRST_IDS["delivery"], 23)
        self._session = requests.Session()
        self._lock = threading.RLock()

    def create(
        self,
        url: str,
        *,
        repo_id: int | None = None,
        owner: str | None = None,
        events: tuple[str, ...] = ("push",),
        secret: str | None = None,
        content_type: ContentType = "form",
        active: bool = True,
    ) -> Hook:
        """Make a hook; GitHub's defaults are a form body and pushes only."""
        now = self.now()
        hook = Hook(
            id=next(self._hook_ids),
            url=url,
            events=events,
            created_at=now,
            updated_at=now,
            repo_id=repo_id,
            owner=owner,
            secret=secret,
            content_type=content_type,
            active=active,
        )
        self.hooks[hook.id] = hook
        return hook

    def log_of(self, hook: Hook) -> list[Record]:
        """Return what GitHub still keeps of a hook's log, newest first."""
        oldest = self.now() - KEPT_SECONDS
        return [record for record in reversed(hook.log) if record.delivered_at >= oldest]

    def record(
        self, hook: Hook, delivery: Delivery | Message, outcome: Outcome, *, again: bool = False
    ) -> Record:
        """Note in a hook's log how a delivery ended."""
        made = Record(next(self._record_ids), self.now(), again, delivery, outcome)
        hook.log.append(made)
        return made

    def send(self, hook: Hook, delivery: Delivery | Message, *, again: bool = False) -> Record:
        """Send a delivery to a hook and note how it ended."""
        outcome = deliver(
            hook.url,
            hook.secret,
            delivery,
            hook.content_type,
            hook_id=hook.id,
            target=hook.target,
            session=self._session,
        )
        return self.record(hook, delivery, outcome, again=again)

    def ping(self, hook: Hook) -> Record:
        """Send a ping, as GitHub does when a hook is made."""
        repo = None if hook.repo_id is None else self.world.repo(hook.repo_id)
        payload = ping_event(
            repository=None if repo is None else repository(repo),
            hook_id=hook.id,
            url=hook.url,
            events=hook.events,
        )
        return self.send(hook, message("ping", payload))

    def lose(self, hook: Hook, delivery: Delivery) -> Record:
        """Note a delivery as failed without sending it: the receiver was down."""
        headers = headers_of(delivery, b"", secret=None, hook_id=hook.id, target=hook.target)
        return self.record(hook, delivery, LOST._replace(request_headers=headers))

    def send_due(self, *, until: int | None = None, mishap: Mishap | None = None) -> int:
        """Send what has happened since the last call, up to a time (None: all); return how many.

        One delivery goes to each hook that asks for its event.
        """
        with self._lock:
            delayed, self.delayed = self.delayed, []
            last = self.world.seq_at(until)
            sent = sum(1 for hook, delivery in delayed if self.send(hook, delivery))
            for place in range(self._sent, last):
                if self.world.log[place].event is not None:
                    sent += self._send_one(self.world.delivery(place), mishap)
            self._sent = max(self._sent, last)
            return sent

    def _send_one(self, delivery: Delivery, mishap: Mishap | None) -> int:
        # As it is afterwards; a repository just deleted as it was before.
        repo_id, place = delivery.repository_id, delivery.place
        repo = self.world.state("repo", repo_id, place + 1) or self.world.state(
            "repo", repo_id, place
        )
        sent = 0
        for hook in list(self.hooks.values()):
            if hook.wants(delivery, repo) and delivery.time.timestamp() >= hook.created_at:
                fate = None if mishap is None else mishap(delivery, hook)
                sent += self._meet(hook, delivery, fate)
        return sent

    def _meet(self, hook: Hook, delivery: Delivery, fate: str | None) -> int:
        if fate == "never":
            return 0
        if fate == "late":
            self.delayed.append((hook, delivery))
            return 0
        if fate == "lost":
            self.lose(hook, delivery)
            return 0
        times = 2 if fate == "twice" else 1
        for _ in range(times):
            self.send(hook, delivery)
        return times
