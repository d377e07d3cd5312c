"""What starts pipelines (`source`), and what that tells of the branch that they are of.

https://docs.gitlab.com/ci/jobs/job_rules/#ci_pipeline_source-predefined-variable
"""

TRIGGERS = tuple(
    "push merge_request_event schedule web trigger api pipeline parent_pipeline external chat"
    " external_pull_request_event webide ondemand_dast_scan ondemand_dast_validation"
    " security_orchestration_policy container_registry_push pipeline_execution_policy_schedule"
    " duo_workflow".split()
)
SCHEDULES = ("schedule",)
UNENDED = ("external",)
"""Made of what another CI says, which may stop saying anything."""
MERGE_REQUEST = "merge_request_event"
PROPOSALS = (MERGE_REQUEST, "external_pull_request_event")
CHILD = "parent_pipeline"
OF_MERGE_REQUESTS = (MERGE_REQUEST, CHILD)
"""Those of pipelines that may be of a merge request; a child is of what its parent is of."""
ASIDE = tuple(
    "webide ondemand_dast_scan ondemand_dast_validation security_orchestration_policy"
    " container_registry_push duo_workflow pipeline_execution_policy_schedule".split()
)
"""What GitLab calls dangling: of no CI file of the project, and not to affect its branch.

https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/models/concerns/enums/ci/pipeline.rb
"""
NOT_OF_THE_FILE = (CHILD, *SCHEDULES, *UNENDED, *ASIDE)
"""Those of pipelines that have workflows of their own."""
