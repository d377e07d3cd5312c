"""Give each vendor's rows by its provider: the only importer of a vendor outside its own folder.

A provider names a server: `github`, `github:ghes.example.org`. Its first word is the vendor.
"""

from rows import Unmappable
from rows.github.source import GITHUB
from rows.gitlab.source import GITLAB
from rows.source_record import FailureReader
from rows.source_record import Source as Source

SOURCES = {source.name: source for source in (GITHUB, GITLAB)}

SCHEDULES = tuple(dict.fromkeys(event for one in SOURCES.values() for event in one.schedules))
PROPOSALS = tuple(dict.fromkeys(event for one in SOURCES.values() for event in one.proposals))
CHILDREN = tuple(event for one in SOURCES.values() for event in one.children)
ERRANDS = tuple(start for one in SOURCES.values() for start in one.errands)
TRIGGERS = tuple(dict.fromkeys(event for source in SOURCES.values() for event in source.triggers))
"""Of all vendors together, for questions about runs of whichever."""


UNNAMED = "(no name)"
"""What people are told of a workflow or a job of which no name is known."""


def call_workflow(name: str | None, event: str | None, branch: str | None) -> str:
    """Return what people are told of a run's workflow, everywhere; the views say so, too.

    GitLab may keep back what its schedules are called.
    """
    return name or (f"schedule on {branch}" if event in SCHEDULES and branch else UNNAMED)


def source_of(provider: str) -> Source:
    """Return the vendor that a provider belongs to. Raises Unmappable for an unknown one."""
    source = SOURCES.get(provider.partition(":")[0])
    if source is None:
        raise Unmappable("provider", f"is {provider}, known are {', '.join(SOURCES)}")
    return source


def host_of(provider: str) -> str:
    """Return the host of a server. Raises Unmappable for an unknown vendor."""
    return provider.partition(":")[2] or source_of(provider).host


def subject_of(vendor: str, name: str) -> str:
    """Return what a repository is called among those of all vendors; "" is for all of one."""
    return f"{SOURCES[vendor].watched_as}{name}"


def vendor_of_subject(subject: str) -> str:
    """Return the vendor of what is called so among those of all."""
    marked = (one for one in SOURCES.values() if one.watched_as)
    own = next((one.name for one in marked if subject.startswith(one.watched_as)), None)
    return own or GITHUB.name


TRACE = b"section_start:"
"""What every trace of GitLab holds near its beginning, and no other log."""


def reader_of(first: bytes) -> FailureReader:
    """Return a reader for a log of an unknown vendor from the bytes that it begins with."""
    if TRACE in first:
        return GITLAB.log_reader(None)
    return GITHUB.log_reader(None)
