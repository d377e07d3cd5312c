"""A verdict as people read it: nothing in it breaks a line, and a long list ends."""

import json
from datetime import datetime

from backfill.audit.findings import Finding
from backfill.audit.verdict import Span, Verdict, judge
from backfill.command import audit_report
from backfill.command.audit_report import FailedAudit

SPAN = Span(datetime(2026, 3, 2), datetime(2026, 3, 4, 12))


def verdict(*missing: Finding) -> Verdict:
    return judge(1, "org/app", SPAN, "command", [], missing, [])


def test_text_of_a_stranger_breaks_no_line():
    finding = Finding("branch", "a\nb", "is \x1b[31mred", workflow="C\rI")
    assert audit_report.format_finding(finding) == "branch a?b (C?I): is ?[31mred"


def test_people_are_told_the_first_findings_and_how_many_more_there_are():
    text = audit_report.format_verdict(verdict(*(Finding("commit", f"{n:03}") for n in range(203))))
    lines = text.splitlines()
    assert lines[0] == "org/app: 2026-03-02 00:00 to 2026-03-04 12:00 UTC"
    assert lines[-2:] == [
        "  and 3 more: --json names them all",
        "incomplete: 0 of 0 runs, 203 missing",
    ]


def test_machines_are_told_what_failed_too():
    report = audit_report.format_json([verdict()], [FailedAudit("org/gone", "not found")])
    assert json.loads(report)["failed"] == [{"repository": "org/gone", "error": "not found"}]
    assert json.loads(report)["complete"] is False
    assert json.loads(audit_report.format_json([verdict()], []))["complete"] is True
