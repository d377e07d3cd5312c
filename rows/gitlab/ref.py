"""What a pipeline is of: the branch or tag that its `ref` names, or a merge request.

What GitLab runs of a merge request in the project that the request is made to has the ref
`refs/merge-requests/N/head`, `merge` (merged results) or `train` (a merge train); hooks of
pipelines say the source branch in its place, and the request beside it. What it runs in the fork
has the fork's branch for a ref, and its request is another project's, as is the number.
https://docs.gitlab.com/ci/pipelines/merge_request_pipelines/
"""

import re

from rows import fields
from rows.gitlab.triggers import OF_MERGE_REQUESTS
from rows.source_record import Payload, Repository

REQUEST = re.compile(r"refs/merge-requests/([0-9]{1,10})/(?:head|merge|train)")


def branch_named(source: Payload, key: str, at: str) -> str | None:
    """Return the branch or tag of a `ref`; that of a merge request names none."""
    ref = fields.text(source, key, at, fields.NAME)
    return None if ref is None or ref.startswith("refs/") else ref


def request_named(source: Payload, key: str, at: str) -> int | None:
    """Return the number of the merge request that a `ref` names."""
    named = REQUEST.fullmatch(fields.text(source, key, at, fields.NAME) or "")
    number = int(named[1]) if named else 0
    return number if 0 < number <= fields.BIGGEST_INT else None


def request_told(payload: Payload, source: str | None, repo: Repository) -> int | None:
    """Return the number of the project's merge request that a Pipeline Hook says it is of.

    Of a branch's own pipeline it is not taken: no list of the API says that one is open.
    """
    request = fields.child(payload, "merge_request", "payload") or {}
    number = fields.number(request, "iid", "merge_request", fields.BIGGEST_INT)
    target = fields.number(request, "target_project_id", "merge_request")
    is_own = source in OF_MERGE_REQUESTS and target in (None, repo.gitid)
    return (number or None) if is_own else None
