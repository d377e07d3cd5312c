"""Which fields GitLab's own OpenAPI description names, and of which types.

Noted by hand, with the names of definitions of its `openapi_v2.yaml` (API_Entities_Ci_Pipeline,
Ci_Job) as pages that others made from it show them; Ci_PipelineBasic and ProjectHook are filled in
from GitLab's pages of its API. What is read beside that stands in UNPUBLISHED.
"""

from datetime import datetime

Kinds = tuple[type, ...]
TEXT, NUMBER, FLAG, LIST, OBJECT = (str,), (int,), (bool,), (list,), (dict,)
SECONDS: Kinds = (int, float)
TIME = (datetime,)


def named(kinds: Kinds, names: str) -> dict[str, Kinds]:
    """Return fields that are all of these types."""
    return dict.fromkeys(names.split(), kinds)


PIPELINE_LISTED = {
    **named(NUMBER, "id iid project_id"),
    **named(TEXT, "sha ref status source web_url"),
    **named(TIME, "created_at updated_at"),
}
PIPELINE = {
    **PIPELINE_LISTED,
    **named(TEXT, "before_sha yaml_errors"),
    **named(FLAG, "tag"),
    **named(TIME, "started_at finished_at committed_at"),
    **named(NUMBER, "duration queued_duration"),
    **named(SECONDS, "coverage"),
    **named(OBJECT, "user detailed_status"),
}
JOB = {
    **named(NUMBER, "id"),
    **named(TEXT, "status stage name ref failure_reason web_url"),
    **named(FLAG, "tag allow_failure archived"),
    **named(SECONDS, "coverage duration queued_duration"),
    **named(TIME, "created_at started_at finished_at erased_at artifacts_expire_at"),
    **named(OBJECT, "user commit pipeline project artifacts_file runner runner_manager"),
    **named(LIST, "artifacts tag_list"),
}
HOOK = {
    **named(NUMBER, "id project_id"),
    **named(TEXT, "url name description alert_status push_events_branch_filter"),
    **named(TEXT, "custom_webhook_template branch_filter_strategy"),
    **named(TIME, "created_at disabled_until"),
    **named(FLAG, "push_events tag_push_events job_events pipeline_events issues_events"),
    **named(FLAG, "merge_requests_events note_events wiki_page_events deployment_events"),
    **named(FLAG, "releases_events enable_ssl_verification"),
    **named(LIST, "url_variables custom_headers"),
}
UNPUBLISHED = {
    "pipeline": {"name"},  # https://docs.gitlab.com/api/pipelines/, since 15.11
    "job": set[str](),
    "hook": set[str](),
}


def faults_of(kind: str, fields: dict[str, Kinds], record: dict[str, object]) -> list[str]:
    """Return what of a record is not as it is published."""
    faults = []
    for name, value in record.items():
        kinds = fields.get(name)
        if kinds is None:
            faults += [] if name in UNPUBLISHED[kind] else [f"{name} is not published"]
        elif value is not None and not is_of(kinds, value):
            faults.append(f"{name} is {value!r}")
    return faults


def is_of(kinds: Kinds, value: object) -> bool:
    """Tell whether a value is of one of the types; a time is text."""
    if kinds == TIME:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    is_flag = isinstance(value, bool)
    return isinstance(value, kinds) and is_flag == (kinds == FLAG)
