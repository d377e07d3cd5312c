"""A trace of GitLab goes through the same rules as any log."""

import pytest

from rows.gitlab.job_trace import TraceFailureReader
from rows.logs.stream import pass_on
from rows.source_record import FailureMessage

OLD = (
    "\x1b[0KRunning with gitlab-runner 17.5.0\x1b[0;m\n"
    "section_start:1760000000:get_sources\r\x1b[0K\x1b[0K\x1b[36;1mGetting source\x1b[0;m\n"
    "error: not this one\n"
    "section_end:1760000001:get_sources\r\x1b[0K\n"
    "section_start:1760000001:step_script\r\x1b[0K\x1b[0K\x1b[36;1mExecuting\x1b[0;m\n"
    "\x1b[32;1m$ make\x1b[0;m\n"
    "section_start:1760000002:mine[collapsed=true]\r\x1b[0KMy own section\n"
    "{said}\n"
    "section_end:1760000003:step_script\r\x1b[0K\n"
    "section_start:1760000003:cleanup_file_variables\r\x1b[0K\x1b[0KCleaning up\x1b[0;m\n"
    "section_end:1760000004:cleanup_file_variables\r\x1b[0K\n"
    "\x1b[31;1mERROR: Job failed: exit code 1\x1b[0;m\n"
)


def stamped(trace: str) -> str:
    lines = trace.removesuffix("\n").split("\n")
    return "".join(f"2026-11-21T03:00:00.123456Z 01O {line}\n" for line in lines)


def said(trace: str, size: int = 65_536) -> list[FailureMessage]:
    reader = TraceFailureReader()
    raw = trace.encode()
    pass_on([raw[at : at + size] for at in range(0, len(raw), size)], [reader])
    return reader.messages()


@pytest.mark.parametrize("size", [3, 65_536])
@pytest.mark.parametrize("form", [str, stamped], ids=["bare", "with times"])
def test_error_of_the_script_is_said(form: type[str], size: int):
    (message,) = said(form(OLD.replace("{said}", "src/a.c:3:5: error: no semicolon")), size)
    assert (message.text, message.path, message.line) == (
        "src/a.c:3:5: error: no semicolon",
        "src/a.c",
        3,
    )


def test_end_of_the_script_is_said_in_place_of_an_exit_code():
    (message,) = said(OLD.replace("{said}", "the index is stale"))
    assert message.text.endswith("the index is stale")
    assert message.kind == "end"


def test_line_that_was_cut_by_the_runner_is_whole_again():
    trace = OLD.replace("{said}", "error: no such\n price")
    cut = stamped(trace).replace("01O  price", "01O+ price")
    assert said(cut)[0].text == "error: no such price"


def test_failure_of_the_system_is_the_message():
    trace = (
        "section_start:1:prepare_executor\r\x1b[0K\nERROR: Job failed (system failure): no image\n"
    )
    assert said(trace)[0].text == "ERROR: Job failed (system failure): no image"


def test_limit_of_time_is_the_message():
    line = "ERROR: Job failed: execution took longer than 1h0m0s seconds"
    trace = OLD.replace("{said}", "error: slow").replace("ERROR: Job failed: exit code 1", line)
    assert said(trace)[0].text == line
