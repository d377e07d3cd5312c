"""A bridge that may fail is in no list of jobs: what GitLab says of the pipeline tells of it."""

import pytest

from tests.rows.gitlab import payloads
from tests.rows.gitlab.payloads import Json, pipeline
from tests.rows.gitlab.test_events import read, rows_of, told


@pytest.mark.parametrize(
    ("said", "warnings"),
    [
        ({"detailed_status": "passed with warnings"}, True),
        ({"detailed_status": {"group": "success-with-warnings", "label": "passed"}}, True),
        ({"detailed_status": {"group": "success_with_warnings"}}, True),
        ({"warnings": True}, True),
        ({"warnings": True, "status": "failed"}, None),
        ({"warnings": False, "detailed_status": {"group": "success"}}, None),
        ({"detailed_status": ["passed with warnings"]}, None),
    ],
)
def test_pipeline_with_a_bridge_that_failed_has_warnings(said: Json, warnings: bool | None):
    (attempt,) = rows_of(told("pipeline", pipeline(**{"status": "success", **said})), "runattempts")
    assert attempt["haswarnings"] is warnings
    whole = payloads.read_pipeline(pipeline())
    whole["pipeline"] |= said
    (attempt,) = rows_of(read("pipeline", whole), "runattempts")
    assert attempt["haswarnings"] is warnings
