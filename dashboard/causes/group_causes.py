"""Pure: failed jobs -> the causes they have in common, that of most repositories first."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple

from dashboard.view.night_changes import JobChange
from dashboard.view.night_matrix import NOT_RUN
from store.rollups.night_summary import WHOLE_RUN


class Cause(NamedTuple):
    """Failures of one cause, the longest first.

    `fingerprint` is what they have in common. It is None where no message tells the cause: then
    they fail at the same step of one repository's workflow.
    """

    fingerprint: str | None
    text: str | None
    step: str | None
    changes: tuple[JobChange, ...]

    @property
    def repos(self) -> dict[int, str]:
        """The repositories, by repos.Id."""
        return {change.repoid: change.repo for change in self.changes}

    @property
    def nights(self) -> int:
        """How many nights in a row the first of them failed, to last night."""
        return self.changes[0].nights

    @property
    def is_oldest(self) -> bool:
        """Whether it may have begun before the nights that are shown."""
        return self.changes[0].oldest

    @property
    def is_new(self) -> bool:
        """Whether each of them failed last night and not in the night before."""
        return self.nights == 1

    @property
    def is_news(self) -> bool:
        """Whether one of them failed last night and not in the night before."""
        return any(change.nights == 1 for change in self.changes)

    @property
    def is_of_run(self) -> bool:
        """Whether a run failed, and none of its jobs."""
        return self.changes[0].failure.job == WHOLE_RUN

    @property
    def shown_error(self) -> str | None:
        """The fingerprint that its page goes by, of a message that tells no cause as well."""
        return self.changes[0].failure.fingerprint


def group_causes(changes: Iterable[JobChange], vague: Collection[str] = ()) -> list[Cause]:
    """Return the causes by repositories, then nights, then jobs; `vague` fingerprints are none."""
    alike: dict[object, list[JobChange]] = defaultdict(list)
    for change in changes:
        failure = change.failure
        own: tuple[object, ...] = (
            (change.repoid, failure.workflowkey, failure.step, failure.fingerprint)
            if failure.job != NOT_RUN
            else (NOT_RUN,)  # whatever keeps schedules from running is one cause
        )
        is_known = failure.fingerprint and failure.fingerprint not in vague
        alike[failure.fingerprint if is_known else own].append(change)
    causes = [
        make_cause(key if isinstance(key, str) else None, same) for key, same in alike.items()
    ]
    return sorted(causes, key=reach)


def make_cause(fingerprint: str | None, changes: list[JobChange]) -> Cause:
    """Return the cause of failures that have it in common."""
    changes.sort(key=lambda change: (-change.nights, change.repo.casefold(), change.failure.job))
    first = changes[0].failure
    return Cause(fingerprint, first.error, first.step, tuple(changes))


def reach(cause: Cause) -> tuple[int, int, int, str, str]:
    """Return what causes are sorted by."""
    first = cause.changes[0]
    return (
        -len(cause.repos),
        -cause.nights,
        -len(cause.changes),
        first.repo.casefold(),
        cause.text or cause.step or first.failure.job,
    )


def with_text(changes: Iterable[JobChange], text: str) -> list[JobChange]:
    """Return the changes that have a text in their repository, workflow, job, step or error."""
    wanted = text.casefold()
    return [change for change in changes if wanted in words_of(change).casefold()]


def words_of(change: JobChange) -> str:
    """Return what can be looked for in a change."""
    failure = change.failure
    words = (change.repo, failure.workflow, failure.job, failure.step, failure.error)
    return "\n".join(word for word in words if word)
