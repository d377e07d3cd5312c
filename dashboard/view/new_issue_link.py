"""Pure: the address that opens a form of a new issue, filled in with what failed."""

from collections.abc import Sequence
from datetime import date

from dashboard.view import formats
from dashboard.view.suspect_commits import Suspects
from rows.sources import UNNAMED, source_of
from store.errors.one_error import ErrorRun
from store.reads.runs import Repo, Run
from store.rollups.night_summary import NightFailure

MOST_FAILURES = 20  # the form's address has to stay below 8 kB
MOST_LETTERS = 1500


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
    lines = [f"Night of {formats.night_span(night)} {night.year}:", ""]
    for failure in failures[:MOST_FAILURES]:
        step = f", step {as_code(failure.step)}" if failure.step else ""
        lines.append(
            f"- {as_code(failure.workflow)}, job {as_code(failure.job)}{step}: {failure.url or ''}"
        )
        if failure.error:
            lines.append(f"  {as_code(failure.error)}")
    lines += [""] + [
        f"Run {run.url or run.gitid} of commit {as_code(formats.short(run.commithash))}"
        for run in runs[:MOST_FAILURES]
    ]
    lines += [describe_suspects(one) for one in around if one.good is not None]
    prints = dict.fromkeys(one.fingerprint for one in failures[:MOST_FAILURES] if one.fingerprint)
    lines += ["", *map(name_fingerprint, prints)] if prints else []
    workflow, job = formats.first_line(first.workflow), formats.first_line(first.job)
    title = f"Nightly failed: {workflow} / {job}{more}"
    return source_of(repo.provider).links.new_issue(home, title, "\n".join(lines))


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
    said = (message or "").replace(fence, "'''")[:MOST_LETTERS]
    lines = [fence, said, fence, ""]
    lines += [f"Run {run.gitid} of {as_code(run.repo or '?')}" for run in runs]
    lines += ["", name_fingerprint(fingerprint)]
    title = f"CI error: {formats.first_line(message)}"
    return source_of(repo.provider).links.new_issue(home, title, "\n".join(lines))
