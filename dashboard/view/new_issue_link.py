"""Pure: the address that opens a form of a new issue, filled in with what failed."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from dashboard.view import formats
from dashboard.view.suspect_commits import Suspects
from rows.sources import UNNAMED, source_of
from store.errors.one_error import ErrorRun
from store.reads.runs import Repo, Run
from store.rollups.night_summary import NightFailure

LONGEST = 8000
"""Of an address: GitHub refuses one of more than 8 KiB, and letters of many scripts take six."""
MOST_FAILURES, MOST_LETTERS = 20, 1500


def new_issue_link(
    repo: Repo,
    night: date,
    failures: Sequence[NightFailure],
    runs: Sequence[Run],
    around: Sequence[Suspects] = (),
) -> str | None:
    """Return the address, None for a repository without an https page."""
    home = formats.https(repo.url)
    if home is None or not failures:
        return None
    first = failures[0]
    more = f" and {len(failures) - 1} more" if len(failures) > 1 else ""
    workflow, job = formats.first_line(first.workflow), formats.first_line(first.job)
    title = f"Nightly failed: {workflow} / {job}{more}"
    head = [f"Night of {formats.night_span(night)} {night.year}:", ""]

    def write(most: int) -> str:
        lines = [*head, *describe_night(failures, runs, around, most)]
        return source_of(repo.provider).links.new_issue(home, title, "\n".join(lines))

    return shorten(write, MOST_FAILURES)


def describe_night(
    failures: Sequence[NightFailure], runs: Sequence[Run], around: Sequence[Suspects], most: int
) -> Iterator[str]:
    """Yield what failed in a night, at most so many jobs and runs."""
    for failure in failures[:most]:
        step = f", step {as_code(failure.step)}" if failure.step else ""
        names = f"{as_code(failure.workflow)}, job {as_code(failure.job)}"
        yield f"- {names}{step}: {failure.url or ''}"
        if failure.error:
            yield f"  {as_code(failure.error)}"
    yield from [f"- and {len(failures) - most} more"] if len(failures) > most else []
    yield ""
    for run in runs[:most]:
        yield f"Run {run.url or run.gitid} of commit {as_code(formats.short(run.commithash))}"
    yield from (describe_suspects(one) for one in around[:most] if one.good is not None)
    prints = dict.fromkeys(one.fingerprint for one in failures[:most] if one.fingerprint)
    yield from ["", *map(name_fingerprint, prints)] if prints else []


def shorten(write: Callable[[int], str], most: int) -> str:
    """Return the longest address that a server takes, of those for ever less in the form."""
    address = write(most)
    while len(address) > LONGEST and most > 1:
        most = most * 3 // 4
        address = write(most)
    return address


def describe_suspects(suspects: Suspects) -> str:
    """Return between which commits a workflow broke."""
    name, bad = (
        as_code(suspects.bad.workflowname or UNNAMED),
        as_code(formats.short(suspects.bad.commithash)),
    )
    good = as_code(formats.short(suspects.good.commithash if suspects.good else None))
    compare = f": {suspects.compare}" if suspects.compare else ""
    return f"{name} was last good at commit {good} and first bad at {bad}{compare}"


def as_code(text: str) -> str:
    """Return a name as code: names mention nobody and hold no markup."""
    return f"`{formats.first_line(text).replace('`', chr(39))}`"


def name_fingerprint(fingerprint: str) -> str:
    """Return the line by which the reconciler finds the issue of an error."""
    return f"Fingerprint: {as_code(fingerprint)}"


def error_issue_link(
    repo: Repo, fingerprint: str, message: str | None, runs: Sequence[ErrorRun]
) -> str | None:
    """Return the address of a form about an error, which its fingerprint finds again."""
    home = formats.https(repo.url)
    if home is None:
        return None
    fence = "```"
    said = (message or "").replace(fence, "'''")
    title = f"CI error: {formats.first_line(message)}"

    def write(most: int) -> str:
        lines = [fence, said[:most], fence, ""]
        lines += [f"Run {run.gitid} of {as_code(run.repo or '?')}" for run in runs]
        lines += ["", name_fingerprint(fingerprint)]
        return source_of(repo.provider).links.new_issue(home, title, "\n".join(lines))

    return shorten(write, MOST_LETTERS)
