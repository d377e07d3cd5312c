"""What GitLab's own OpenAPI description says of the answers that are read, by their paths.

Noted by hand from `doc/api/openapi/openapi_v3.yaml` of GitLab 19.x, of which names of fields and
their types are here and nothing else; after each name here stands the name of the schema there.
What it leaves out and GitLab's pages on the API have is marked so. It says of no field that it may
be null, and of none that it must be there: null is taken for any.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

TEXT, NUMBER, FLAG, SECONDS, TIME, ANY = "text", "whole number", "flag", "number", "time", "object"
LIST = "list"
Form = str | dict[str, Any] | list[Any]
"""A type, the fields of an object, or of what a list consists."""


def named(form: Form, names: str) -> dict[str, Form]:
    """Return fields that are all of one form."""
    return dict.fromkeys(names.split(), form)


USER = {  # APIEntitiesUserBasic, and of APIEntitiesUser when somebody came
    **named(NUMBER, "id"),
    **named(TEXT, "username public_email name state avatar_url avatar_path web_url"),
    **named(FLAG, "locked"),
    **named(LIST, "custom_attributes"),
    **named(TIME, "created_at"),
}
COMMIT = {  # APIEntitiesCommit, CommitDetail
    **named(TEXT, "id short_id title message author_name author_email committer_name"),
    **named(TEXT, "committer_email web_url status"),
    **named(TIME, "created_at authored_date committed_date"),
    **named([TEXT], "parent_ids"),
    **named(ANY, "trailers extended_trailers stats last_pipeline"),
    **named(NUMBER, "project_id"),
}
PIPELINE_LISTED = {  # APIEntitiesCiPipelineBasic
    **named(NUMBER, "id iid project_id"),
    **named(TEXT, "sha ref status source web_url"),
    **named(TIME, "created_at updated_at"),
    **named(TEXT, "name"),  # left out; https://docs.gitlab.com/api/pipelines/ has it, since 15.11
}
DETAILED_STATUS = {  # DetailedStatusEntity
    **named(TEXT, "icon text label group tooltip details_path favicon"),
    **named(FLAG, "has_details"),
    **named(ANY, "illustration action"),
}
PIPELINE = {  # APIEntitiesCiPipelineWithMetadata
    **PIPELINE_LISTED,
    **named(TEXT, "before_sha yaml_errors name"),
    **named(FLAG, "tag archived"),
    **named(TIME, "started_at finished_at committed_at"),
    **named(NUMBER, "duration queued_duration"),
    **named(SECONDS, "coverage"),
    "user": USER,
    "detailed_status": DETAILED_STATUS,
}
RUNNER = {  # APIEntitiesCiRunner
    **named(NUMBER, "id"),
    **named(TEXT, "description ip_address runner_type name status job_execution_status"),
    **named(FLAG, "active paused is_shared online"),
    **named(TIME, "created_at"),
    "created_by": USER,
}
RUNNER_MANAGER = {  # APIEntitiesCiRunnerManager
    **named(NUMBER, "id"),
    **named(TEXT, "system_id version revision platform architecture created_at contacted_at"),
    **named(TEXT, "ip_address status job_execution_status"),
}
JOB_BASIC = {  # APIEntitiesCiJobBasic
    **named(NUMBER, "id"),
    **named(TEXT, "status stage name ref failure_reason web_url"),
    **named(FLAG, "tag allow_failure"),
    **named(SECONDS, "coverage duration queued_duration"),
    **named(TIME, "created_at started_at finished_at erased_at"),
    "user": USER,
    "commit": COMMIT,
    "pipeline": PIPELINE_LISTED,
    "project": ANY,
}
JOB = {  # APIEntitiesCiJob
    **JOB_BASIC,
    **named(TIME, "artifacts_expire_at"),
    **named(FLAG, "archived"),
    "artifacts_file": named(TEXT, "filename") | named(NUMBER, "size"),
    "artifacts": [named(TEXT, "file_type filename file_format") | named(NUMBER, "size")],
    "runner": RUNNER,
    "runner_manager": RUNNER_MANAGER,
    "tag_list": [TEXT],
}
BRIDGE = {**JOB_BASIC, "downstream_pipeline": PIPELINE_LISTED}  # APIEntitiesCiBridge
SCHEDULE = {  # APIEntitiesCiPipelineSchedule
    **named(NUMBER, "id"),
    **named(TEXT, "description ref cron cron_timezone"),
    **named(FLAG, "active"),
    **named(TIME, "next_run_at created_at updated_at"),
    "owner": USER,
    "inputs": ANY,
}
BRANCH = {  # APIEntitiesBranch
    **named(TEXT, "name web_url"),
    **named(FLAG, "merged protected developers_can_push developers_can_merge can_push default"),
    "commit": COMMIT,
}
HOOK = {  # APIEntitiesProjectHook
    **named(NUMBER, "id project_id organization_id"),
    **named(TEXT, "url name description alert_status push_events_branch_filter"),
    **named(TEXT, "custom_webhook_template branch_filter_strategy"),
    **named(TIME, "created_at disabled_until"),
    **named(FLAG, "push_events tag_push_events job_events pipeline_events issues_events"),
    **named(FLAG, "merge_requests_events note_events wiki_page_events deployment_events"),
    **named(FLAG, "releases_events repository_update_events enable_ssl_verification"),
    **named(FLAG, "token_present signing_token_present"),
    **named([ANY], "url_variables custom_headers"),
}
PROJECT = {  # APIEntitiesProject, of more than a hundred fields those that are asked for
    **named(NUMBER, "id forks_count star_count"),
    **named(TEXT, "name path path_with_namespace name_with_namespace description web_url"),
    **named(
        TEXT, "default_branch visibility ci_config_path builds_access_level repository_access_level"
    ),
    **named(FLAG, "archived empty_repo"),
    **named(TIME, "created_at last_activity_at updated_at"),
}
VERSION = {  # APIEntitiesMetadata
    **named(TEXT, "version revision"),
    **named(FLAG, "enterprise"),
    "kas": ANY,
}
EVENT = {  # left out; https://docs.gitlab.com/api/project_webhooks/ has it
    **named(NUMBER, "id"),
    **named(TEXT, "url trigger response_body response_status"),
    **named(ANY, "request_headers request_data response_headers"),
    **named(SECONDS, "execution_duration"),
    **named(TIME, "created_at"),
}
KINDS: Mapping[str, tuple[type, ...]] = {
    TEXT: (str,),
    NUMBER: (int,),
    SECONDS: (int, float),
    FLAG: (bool,),
    LIST: (list,),
    ANY: (dict,),
}

BELOW = "/projects/[^/]+"
PATHS: Mapping[str, Form] = {
    "/version": VERSION,
    BELOW: PROJECT,
    "/groups/[^/]+/projects": [PROJECT],
    f"{BELOW}/pipelines": [PIPELINE_LISTED],
    rf"{BELOW}/pipelines/\d+": PIPELINE,
    rf"{BELOW}/pipelines/\d+/jobs": [JOB],
    rf"{BELOW}/pipelines/\d+/bridges": [BRIDGE],
    f"{BELOW}/jobs": [JOB],
    rf"{BELOW}/jobs/\d+": JOB,
    f"{BELOW}/pipeline_schedules": [SCHEDULE],
    rf"{BELOW}/pipeline_schedules/\d+/pipelines": [PIPELINE_LISTED],
    f"{BELOW}/repository/branches": [BRANCH],
    f"{BELOW}/repository/commits": [COMMIT],
    f"{BELOW}/repository/commits/[^/]+": COMMIT,
    f"{BELOW}/hooks": [HOOK],
    rf"{BELOW}/hooks/\d+": HOOK,
    rf"{BELOW}/hooks/\d+/events": [EVENT],
}


def faults_of(path: str, body: object) -> list[str]:
    """Return what of an answer is not as it is published for its path."""
    forms = [form for pattern, form in PATHS.items() if re.fullmatch(pattern, path)]
    return faults_in(forms[0], body, "") if forms else [f"{path} is not published"]


def faults_in(form: Form, value: object, at: str) -> list[str]:
    """Return what of a value is not of a form; `at` is where it stands."""
    if value is None:
        return []
    if isinstance(form, list):
        if not isinstance(value, Sequence) or isinstance(value, str):
            return [f"{at} is no list"]
        return [fault for one in value for fault in faults_in(form[0], one, at)]
    if isinstance(form, dict):
        if not isinstance(value, Mapping):
            return [f"{at} is no object"]
        faults = [f"{at}.{name} is not published" for name in value if name not in form]
        for name in form.keys() & value.keys():
            faults += faults_in(form[name], value[name], f"{at}.{name}")
        return faults
    return [] if is_of(form, value) else [f"{at} is {value!r}, wants {form}"]


def is_of(form: str, value: object) -> bool:
    """Tell whether a value is of a type; a time is text, with its zone."""
    if form == TIME:
        try:
            return datetime.fromisoformat(str(value)).tzinfo is not None
        except ValueError:
            return False
    return isinstance(value, KINDS[form]) and isinstance(value, bool) == (form == FLAG)
