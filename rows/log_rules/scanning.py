"""What looks through a project, builds its pages or puts it somewhere: audits, linters, deploys."""

from rows.log_rules.rule import (
    GIVEN,
    LINE,
    NAMED,
    NOTHING,
    PASSED_ON,
    PLACED,
    RAISED,
    VAGUE,
    rule,
)

ADVISORIES = (
    rule("npm audit", NAMED, r"^# npm audit report$", "# npm audit report", more=3),
    rule("advisory", NAMED, r"^(?:Crate|Name):\s{1,12}\S", "Crate:     time", more=1,
         after=r"Title:\s{1,12}\S", within=10, bare=NOTHING, skip=r"(?:Version|Date|ID|URL|CVE|"
         r"GHSA|Criticality|Severity|Advisory|Warning):"),
    rule("yarn audit", NAMED, r"^[│|] (?:critical|high|moderate|low) {1,30}[│|] \S",
         "│ high          │ Command Injection in lodash           │"),
    rule("advisory in a table", NAMED, r"^[│|] .{1,200}[│|] {0,4}(?:CVE-\d|GHSA-\w)",
         "│ libexpat1 │ CVE-2024-45490 │ HIGH     │ fixed  │"),
    rule("grype", NAMED, r" {2,20}CVE-\d{4}-\d{4,7} {2,20}(?:Critical|High|Medium|Low)\b",
         "libexpat1  2.5.0-1  deb  CVE-2024-45490  High", word="CVE-"),
    rule("grype by a name", NAMED, r" {2,20}GHSA-\S{14} {2,20}(?:Critical|High|Medium|Low)\b",
         "lodash  4.17.20  4.17.21  npm  GHSA-35jh-r3h4-6jhm  High", word="GHSA-"),
    rule("govulncheck", NAMED, r"^Vulnerability #\d{1,4}: \S", "Vulnerability #1: GO-2026-1234",
         more=1),
    rule("bandit", PLACED, r"^>> Issue: \[\w", ">> Issue: [B602:popen] call with shell=True",
         more=1, after=r"\s{3}Location: (?P<path>[^\s:]{1,300}):(?P<line>\d{1,7})",
         skip=r"\s{3}\w"),
    rule("gitleaks", PLACED, r"^Finding:\s{2,8}\S", 'Finding:     aws_key = "REDACTED"', more=2,
         after=r"(?:RuleID|File):\s{1,12}\S", skip=r"\w{1,20}:\s"),
    rule("checkov", PLACED, r"^Check: CKV\w{0,4}_\w{1,60}: \S",
         'Check: CKV_AWS_20: "S3 Bucket has an ACL defined"', more=2,
         after=r"\s{1,8}(?:FAILED for|File:) ", bare=NOTHING),
    rule("tfsec", PLACED, r"^Result #\d{1,4} (?:CRITICAL|HIGH|MEDIUM|LOW) \S",
         "Result #1 HIGH Bucket does not have encryption enabled", more=1, skip=r"[^\w\s]{3}",
         bare=NAMED, after=r"\s{1,4}(?P<path>[^\s:]{1,300}):(?P<line>\d{1,7})"),
    rule("semver", PLACED, r"^--- failure \w{1,80}: \S",
         "--- failure function_missing: pub fn removed or renamed ---"),
    rule("ansible-lint", PLACED, r"^(?!error|warning|invalid-)[a-z]{2,20}(?:(?:-[a-z]{2,20}){1,4}|"
         r"\[[a-z0-9-]{1,40}\]): [A-Z]",
         "name[missing]: All tasks should be named.", more=1, within=1, bare=NOTHING,
         after=r"(?P<path>[^\s:]{1,300}\.ya?ml):(?P<line>\d{1,7})\b"),
    rule("detekt of before", PLACED, r"^\s{0,8}\w{3,60} - \[.{1,200}\] at (?P<path>[^\s:]{1,300}):"
         + LINE + r":\d", "\tMagicNumber - [total] at /app/src/Cart.kt:4:7"),
)  # fmt: skip

PAGES = (
    rule("mkdocs", RAISED, r"^(?:Aborted|Exited) with \d{1,6} warnings in strict mode",
         "Aborted with 1 warnings in strict mode!", more=3, after=r"WARNING\s{1,4}-\s+\S",
         read="above"),
    rule("vite", RAISED, r"^error during build:$", "error during build:", more=2,
         until=r"\s{0,8}at ", bare=VAGUE),
    rule("next", VAGUE, r"^Failed to compile\.?$", "Failed to compile."),
    rule("next type", PLACED, r"^Type error: \S", "Type error: Property 'prise' does not exist"),
    rule("xcpretty", PLACED, r"^(?:\[[\d:]{8}\]: )?(?:▸ )?❌ {1,4}(?:" + GIVEN + r":" + LINE
         + r":\d{1,7}: )\S", "[03:00:01]: ▸ ❌  /app/Cart.swift:4:10: cannot find 'prise'"),
    rule("fastlane", VAGUE,
         r"^(?:\[[\d:]{8}\]: )?(?:\[!\] Error (?:building|packaging)|fastlane fin)",
         "[!] Error building the application - see the log above"),
)  # fmt: skip

DEPLOYS = (
    rule("several errors", RAISED, r"\b\d{1,4} errors? occurred:$", "error: 1 error occurred:",
         more=2, after=r"\s{0,60}\* \S", bare=VAGUE, word="occurred:"),
    rule("pulumi", VAGUE, r"^\s{0,8}error: (?:update|preview|destroy) failed$",
         "    error: update failed"),
    rule("packer", RAISED, r"^==> [\w.-]{1,100}: (?:Error|error)\b",
         "==> amazon-ebs.app: Error launching source instance: UnauthorizedOperation"),
    rule("conda", RAISED,
         r"^(?:PackagesNotFound|Unsatisfiable|LibMambaUnsatisfiable|CondaHTTP|ResolvePackageNotFound)"
         r"(?:Error)?:", "PackagesNotFoundError: The following packages are not available:",
         more=2, until=r"(?:Current channels|To search)"),
    rule("nox", RAISED, r"^nox > Session \S{1,100} (?:failed|aborted): \S",
         "nox > Session tests-3.12 failed: Python interpreter 3.12 not found."),
    rule("nox passing on", PASSED_ON, r"^nox > .{0,300}\bfail", "nox > Command pytest failed",
         word="nox > "),
    rule("nox says", NOTHING, r"^nox > ", "nox > Running session tests-3.12"),
    rule("helm", NOTHING, r"^(?:INSTALLATION|UPGRADE|ROLLBACK) FAILED$", "UPGRADE FAILED"),
    rule("helm debug", NOTHING, r"^[\w./]{1,60}\.go:\d{1,6}: .{0,60}\[debug\] ",
         "history.go:56: 2026-11-21 03:00:00 [debug] getting history for release shop"),
    rule("pip wheel", VAGUE,
         r"^\s{0,4}(?:× .{1,200} did not run successfully\.$|error: subprocess-exited-with-error|"
         r"ERROR: Failed building wheel for )",
         "  × Building wheel for cart (pyproject.toml) did not run successfully."),
    rule("git lfs", RAISED, r"^(?:Error downloading object: |batch response: |LFS: )\S",
         "Error downloading object: a.bin (0f2b1c3): Smudge error: over its data quota"),
    rule("git lfs passing on", PASSED_ON,
         r"^(?:error: external filter '|fatal: .{1,300}: smudge filter lfs failed)",
         "fatal: assets/a.bin: smudge filter lfs failed"),
    rule("flyway", RAISED, r"^Message {2,8}: \S",
         'Message    : ERROR: relation "orders" already exists'),
    rule("code of an error", NOTHING, r"^(?:SQL State|Error Code)\s{1,4}: \S",
         "Error Code : 0"),
    rule("rails migration", VAGUE, r"^StandardError: An error has occurred, ",
         "StandardError: An error has occurred, this and all later migrations canceled:"),
    rule("ruby database", RAISED, r"^(?:PG|Mysql2|SQLite3|ActiveRecord)::\w{1,60}: \S",
         'PG::DuplicateTable: ERROR:  relation "orders" already exists'),
)  # fmt: skip

SCANNING = (*ADVISORIES, *PAGES, *DEPLOYS)
