"""Tell a body that is not of the event its header names: only the body is signed.

https://docs.github.com/webhooks/webhook-events-and-payloads
"""

from rows import Unmappable
from rows.source_record import Payload

MARKS = {
    "push": frozenset("ref before after commits head_commit pusher".split()),
    "create": frozenset("ref ref_type master_branch".split()),
    "delete": frozenset("ref ref_type".split()),
    "repository": frozenset(),
    "workflow_run": frozenset("workflow_run workflow".split()),
    "workflow_job": frozenset("workflow_job deployment".split()),
}
"""What bodies of our events hold, and not those of all others."""
ELSEWHERE = frozenset(
    """
    alert blocked_user build check_run check_suite client_payload comment deployment
    deployment_callback_url deployment_status discussion forkee hook inputs issue key label member
    milestone package pages pull_request registry_package release repositories_added
    repository_advisory repository_ruleset review rule ruleset sha starred_at sub_issue team thread
    zen
    """.split()
)
"""What bodies of other events hold."""
FOREIGN = {
    event: frozenset().union(ELSEWHERE, *MARKS.values()) - marks for event, marks in MARKS.items()
}
ACTIONS = frozenset(
    """
    anonymous_access_disabled anonymous_access_enabled archived created deleted edited privatized
    publicized renamed transferred unarchived
    """.split()
)
"""Of `repository` events, which nothing else tells from a `watch`."""


def check_event(event: str, payload: Payload) -> Payload:
    """Return the payload. Raises Unmappable for one of another event, by the field that tells."""
    if foreign := FOREIGN[event] & payload.keys():
        raise Unmappable(f"payload.{min(foreign)}", f"is in no body of a {event} event")
    action = payload.get("action")
    if event == "repository" and isinstance(action, str) and action not in ACTIONS:
        raise Unmappable("payload.action", "is none of a repository event")
    return payload
