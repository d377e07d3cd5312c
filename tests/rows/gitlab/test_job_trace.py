"""A trace of GitLab goes through the same rules as any log."""

import pytest

from rows.fingerprint import fingerprints_of
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


def test_limit_of_time_is_the_message_with_what_ran_then():
    line = "ERROR: Job failed: execution took longer than 1h0m0s seconds"
    trace = OLD.replace("{said}", "error: slow").replace("ERROR: Job failed: exit code 1", line)
    assert said(trace)[0].text == f"{line}\nfailed to execute: make"


# As a runner of 2026 writes it: a mark ends in a carriage return, which ends its line, too, and
# the next mark goes on; the runner's own lines stand before the first command.
NEW = (
    "00O \x1b[0KRunning with gitlab-runner 18.11.1 (5265d41d)\x1b[0;m\n"
    "00O section_start:1778232527:restore_cache\r\x1b[0K\n"
    "00O+\x1b[0K\x1b[36;1mRestoring cache\x1b[0;m\x1b[0;m\n"
    "01E FATAL: file does not exist                      \n"
    "01E Failed to extract cache\n"
    "00O section_end:1778232528:restore_cache\r\x1b[0K\n"
    "00O+section_start:1778232528:step_script\r\x1b[0K\n"
    '00O+\x1b[0K\x1b[36;1mExecuting "step_script" stage of the job script\x1b[0;m\x1b[0;m\n'
    "00O \x1b[0KUsing effective pull policy of [always] for container alpine\x1b[0;m\n"
    "00O \x1b[0KUsing docker image sha256:f61 for alpine with digest alpine@sha256:c2 ...\x1b[0;m\n"
    "01O \x1b[32;1m$ {command}\x1b[0;m\n"
    "{said}"
    "00O section_end:1778232536:step_script\r\x1b[0K\n"
    "00O+section_start:1778232536:upload_artifacts_on_failure\r\x1b[0K\n"
    "00O+\x1b[0K\x1b[36;1mUploading artifacts for failed job\x1b[0;m\x1b[0;m\n"
    "01E ERROR: No files to upload                          \n"
    "{cleaned}"
    "00O \x1b[31;1mERROR: Job failed: exit code 1\x1b[0;m\n"
)
CLEANED = (
    "00O section_end:1778232537:upload_artifacts_on_failure\r\x1b[0K\n"
    "00O+section_start:1778232537:cleanup_file_variables\r\x1b[0K\n"
    "00O+\x1b[0K\x1b[36;1mCleaning up project directory and file based variables\x1b[0;m\n"
    "00O section_end:1778232538:cleanup_file_variables\r\x1b[0K\n"
    "00O+\n"
)


def new(command: str, lines: str = "", cleaned: str = CLEANED) -> str:
    text = NEW.replace("{command}", command).replace("{said}", lines).replace("{cleaned}", cleaned)
    lined = text.removesuffix("\n").split("\n")
    return "".join(f"2026-05-08T09:28:43.725057Z {line}\n" for line in lined)


@pytest.mark.parametrize("cleaned", ["", CLEANED], ids=["no cleanup", "cleanup"])
def test_silent_scripts_are_told_apart_by_their_commands(cleaned: str):
    texts = [said(new(command, cleaned=cleaned))[0].text for command in ("./lint", "./check")]
    assert texts[0] == "ERROR: Job failed: exit code 1\nfailed to execute: ./lint"
    assert len({fingerprints_of(text).fingerprint for text in texts}) == 2


def test_killed_script_is_told_as_such():
    trace = new("make", "01O compiling\n").replace("failed: exit code 1", "failed: exit code 137")
    assert said(trace)[0].text == "ERROR: Job failed: exit code 137\nfailed to execute: make"


def test_lines_of_two_streams_go_on_each_with_its_own():
    lines = (
        "01O Downloading 10%\r\n"
        "01E error: no such\r\n"
        "01O+Downloading 100%\n"
        "01E+error: no such price\n"
    )
    assert said(new("./get", lines))[0].text == "error: no such price"


def test_bar_of_progress_hides_no_error_and_costs_no_more_than_its_length():
    bar = "01O+Downloading 0123456789 0123456789 0123456789 0123456789\r\n" * 20_000
    lines = f"01O \r\n{bar}01O+error: no such price\n"
    assert said(new("./get", lines))[0].text == "error: no such price"


def test_section_of_the_script_that_is_called_alike_is_none_of_the_runners():
    lines = "01O error: no price\n01O section_start:1:step_script-2\r\n01O+\x1b[0Kmine\n"
    assert said(new("make", lines))[0].text == "error: no price"


def test_trace_that_was_cut_at_its_limit_ends_with_what_was_printed():
    cut = new("make", "01O reading prices\n").partition("section_end:1778232536:step_script")[0]
    stamp = cut.rpartition("\n")[2]
    limit = f"{stamp}Job's log exceeded limit of 4194304 bytes.\n"
    more = f"{stamp}Job execution will continue but no more output will be collected.\n"
    (message,) = said(cut.removesuffix(stamp) + limit + more)
    assert (message.text.splitlines()[-1], message.kind) == ("reading prices", "end")


def test_image_that_cannot_be_pulled_is_the_message():
    line = 'ERROR: Job failed: failed to pull image "a:1" with specified policies [always]: no'
    trace = f"section_start:1:prepare_executor\r\x1b[0K\nsection_end:2:prepare_executor\r{line}\n"
    assert said(trace)[0].text == line


def test_artifacts_that_cannot_be_uploaded_fail_a_job_whose_script_passed():
    refused = 'WARNING: Uploading artifacts as "archive" to coordinator... 413 Too Large  id=1'
    upload = f"{refused}\nFATAL: too large\n"
    trace = (
        "section_start:1:step_script\r\x1b[0K$ make\nerror: is no failure here\nall is built\n"
        "section_end:2:step_script\r\x1b[0K\nsection_start:3:{kind}\r\x1b[0K{upload}"
        "section_end:4:{kind}\r\x1b[0KERROR: Job failed: exit code 1\n"
    )
    passed = trace.format(kind="upload_artifacts_on_success", upload=upload)
    assert said(passed)[0].text == refused
    failed = trace.format(kind="upload_artifacts_on_failure", upload=upload)
    assert said(failed)[0].text == "error: is no failure here"


def test_last_line_of_the_runner_is_no_part_of_a_message():
    lines = "01O * What went wrong:\n01O No lint.xml is there\n"
    assert said(new("./gradlew", lines, cleaned=""))[0].text == (
        "* What went wrong:\nNo lint.xml is there"
    )


@pytest.mark.parametrize("trace", ["", "\r\n\r\n"])
def test_trace_that_is_none_says_nothing(trace: str):
    assert said(trace) == []
