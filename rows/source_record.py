"""What the other rooms may ask of a vendor's rows: one record, filled by each vendor."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from rows import Mapped
from rows.failure_message import FailureMessage as FailureMessage
from rows.logs.blocks import Reason
from rows.logs.stream import LogReader
from rows.versions.reader import Versions

Payload = Mapping[str, Any]
Time = datetime | None


class Repository(NamedTuple):
    """The repository a payload is about, when it was pushed to and changed, and its past names."""

    provider: str
    gitid: int
    name: str
    url: str
    pushed: datetime | None
    updated: datetime | None
    former: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What of it could not be read."""
    received: datetime | None = None
    """When the payload came, by our clock: no time far ahead of it orders anything."""

    @property
    def seen(self) -> datetime | None:
        """The later of its times."""
        if self.pushed is None or self.updated is None:
            return self.pushed or self.updated
        return max(self.pushed, self.updated)


class FailureReader(LogReader, Protocol):
    """Read a job's log in one pass; it keeps little, however long the log is."""

    def messages(self) -> list[FailureMessage]:
        """Return what the log says of the failure, when it is at its end, the first cause first."""

    def reasons(self) -> list[Reason]:
        """Return the same with the rules that spoke."""

    def others(self) -> list[Reason]:
        """Return what else could be said, the best first."""


class VersionsReader(LogReader, Protocol):
    """Read a job's log in one pass."""

    @property
    def versions(self) -> Versions:
        """What the lines so far list."""


class Push(NamedTuple):
    """A push to a branch as its delivery tells it; None stands for no commit."""

    branch: str
    before: str | None
    after: str | None
    commits: tuple[str, ...]
    forced: bool = False


class Links(NamedTuple):
    """Pages of a vendor's website; each function takes the address of a page and adds to it."""

    repository: Callable[[str], str]
    """The repository's page, from the page of one of its runs."""
    compare: Callable[[str, str, str], str]
    """What lies between two commits: the repository's page, the older hash, the newer."""
    new_issue: Callable[[str, str, str], str]
    """The form of a new issue, filled in: the repository's page, title, body."""


class Source(NamedTuple):
    """A vendor: its events, and how what it sends becomes rows.

    Functions that read a payload raise Unmappable for a field of the wrong type.
    """

    name: str
    """The first word of its providers: `NAME` is its public server, `NAME:HOST` another one."""
    title: str
    """The name that people read."""
    host: str
    """The host of its public server."""
    events: Mapping[str, str]
    """The events that carry rows, and which rows those are, in words."""
    ignored: frozenset[str]
    """Every other event that it documents."""
    triggers: tuple[str, ...]
    """What starts runs, in its words (`workflowruns.event`), the usual first."""
    schedules: tuple[str, ...]
    """Those of `triggers` that a clock fires."""
    proposals: tuple[str, ...]
    """Those that tell nothing of the branch: what they run is no part of it, yet or at all."""
    pull_kind: str
    """What people call a proposal that has a number."""
    pull_mark: str
    """What it writes before that number."""
    children: tuple[str, ...]
    """Those by which one run makes another, which tells of no workflow until its name is known."""
    errands: tuple[str, ...]
    """How the files begin of workflows that it makes for its own errands: how one ends tells
    nothing of the branch that it is of."""
    run_events: tuple[str, ...]
    """Those of `events` that speak of a run."""
    rows_for: Callable[[str, Payload, Repository | None, datetime], Mapped]
    """What a delivery says: its event, one of `events`, its payload, what `repository_of`
    returned of it (None where that was not asked), and when it was received."""
    rows_read: Callable[[str, Payload, datetime], Mapped]
    """What an object of the API says: its kind, the object in the webhook's shape, and when it was
    read."""
    repository_of: Callable[[Payload, str], Repository | None]
    """The repository that a payload is about, None for one without; the provider is that of a
    payload which names no server."""
    provider_of: Callable[[str], str]
    """The provider (the server's name) from a repository's page."""
    runs_of: Callable[[Payload], set[int]]
    """The ids of the runs that a payload of one of `run_events` speaks of; never raises."""
    action_of: Callable[[Payload], object]
    """What a delivery says has happened, in one word; never raises."""
    push_of: Callable[[Payload], Push | None]
    """What a push did to a branch, None for a tag."""
    is_foreign_job: Callable[[Payload], bool]
    """Whether what the API lists as a job is none."""
    annotation_messages: Callable[[Sequence[Mapping[str, Any]]], list[FailureMessage]]
    """What the annotations of a failed job say."""
    failure_words: Callable[[str | None], str | None]
    """Why a job failed, from its `failurereason`; None where its log must say that."""
    log_reader: Callable[[tuple[str, str] | None], FailureReader]
    """A reader of the log of a failed job, given the first and last second (ISO) of the step."""
    version_reader: Callable[[], VersionsReader]
    """A reader of the versions that a job's log lists."""
    links: Links
    silent: Mapping[str, str]
    """Why nothing is made of some of `ignored`, where that is not said by their names."""
    masked: Callable[[Payload], Payload]
    """A payload as it may be kept: without what the vendor tells of secrets. Raises Unmappable."""
    is_sample: Callable[[Payload], bool]
    """Whether a payload tells of nothing, and is sent to try a webhook; never raises."""
    retries_inside: bool
    """Whether a job is tried again inside of its run, as a new job of the same name."""
    waits_for_ever: bool
    """Whether what waits for somebody may do so without an end."""
    unended: tuple[str, ...]
    """Those of `triggers` whose runs may never be told to have ended."""
    counts_by_workflow: bool
    """Whether the runs of each workflow are numbered from 1, not those of a repository."""
    watched_as: str
    """What stands before its names where repositories of all vendors are named together."""
