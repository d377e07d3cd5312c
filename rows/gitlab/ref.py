"""What a pipeline is of: the branch or tag that its `ref` names, or a merge request.

What GitLab runs of a merge request in the project that the request is made to has the ref
`refs/merge-requests/N/head`, `merge` (merged results) or `train` (a merge train); hooks of
pipelines say the source branch in its place, and the request beside it. What it runs in the fork
has the fork's branch for a ref, and its request is another project's, as is the number.
https://docs.gitlab.com/ci/pipelines/merge_request_pipelines/
"""

import re
from collections.abc import Iterable

from rows import fields
from rows.gitlab.triggers import OF_MERGE_REQUESTS
from rows.source_record import Payload, Repository

TAGS = "refs/tags/"
NAMELESS_FORK = "unknown"
REQUEST = re.compile(r"refs/merge-requests/([0-9]{1,10})/(?:head|merge|train)")


def branch_named(source: Payload, key: str, at: str) -> str | None:
    """Return the branch or tag of a `ref`; that of a merge request names none."""
    ref = fields.text(source, key, at, fields.NAME)
    return None if ref is None or ref.startswith("refs/") else ref


def tag_apart(payload: Payload, named: Payload, jobs: Iterable[Payload] = ()) -> dict[str, object]:
    """Return the whole name of a tag that is called as the default branch, which it must not be.

    A list of pipelines says of none that it is a tag's, their jobs do.
    """
    project, ref = fields.child(payload, "project", "payload") or {}, named.get("ref")
    is_tag = named.get("tag") is True or any(job.get("tag") is True for job in jobs)
    is_alike = ref is not None and ref == project.get("default_branch")
    return {"branchname": f"{TAGS}{ref}"} if is_tag and is_alike else {}


def request_named(source: Payload, key: str, at: str) -> int | None:
    """Return the number of the merge request that a `ref` names."""
    named = REQUEST.fullmatch(fields.text(source, key, at, fields.NAME) or "")
    number = int(named[1]) if named else 0
    return number if 0 < number <= fields.BIGGEST_INT else None


def request_told(payload: Payload, source: str | None, repo: Repository) -> dict[str, object]:
    """Return what a Pipeline Hook says of the project's merge request that it is of, by column.

    Of a branch's own pipeline it is not taken: no list of the API says that one is open. A fork's
    branch is none of the project's, and no hook says what the fork is called.
    """
    request = fields.child(payload, "merge_request", "payload") or {}
    number = fields.number(request, "iid", "merge_request", fields.BIGGEST_INT)
    begins, target = (
        fields.number(request, f"{end}_project_id", "merge_request") for end in ("source", "target")
    )
    if source not in OF_MERGE_REQUESTS or target not in (None, repo.gitid) or not number:
        return {}
    is_own = begins in (None, repo.gitid)
    return {"pullrequest": number} | ({} if is_own else {"headrepo": NAMELESS_FORK})
