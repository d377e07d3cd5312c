"""When a delivery was said: what orders rows that came beside a run, a job or an answer."""

from collections.abc import Mapping

from rows import fields, version
from rows.github import repo
from rows.github.job_times import AT as JOB_AT
from rows.github.workflowrun import AT as RUN_AT
from rows.source_record import Payload, Repository, Time

TIMES = {
    RUN_AT: ("created_at", "run_started_at", "updated_at"),
    JOB_AT: ("created_at", "started_at", "completed_at"),
    "deployment": ("updated_at",),
}
"""What tells when a delivery was made, where its repository or workflow does not."""


def dated(payload: Payload, about: Repository, rank: int) -> Repository:
    """Return the repository with when this was said of it, as well as that is known.

    What was read of itself is as new as it was read, an event of its own as it was received.
    """
    otherwise = about.received if rank == repo.EVENT else about.said
    return about._replace(said=last_time(payload, about) or otherwise)


def last_time(payload: Payload, about: Repository) -> Time:
    """Return the last time that a delivery says of its run or job: it came of that."""
    times = list[Time]()
    with fields.Noting():
        for at, keys in TIMES.items():
            if isinstance(told := payload.get(at), Mapping):
                times += [fields.moment(told, key, at) for key in keys]
    believed = (version.believed(time, about.received) for time in times)
    return max(filter(None, believed), default=None)
