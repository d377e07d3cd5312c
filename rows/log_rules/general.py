"""What calls itself an error in no tool's own way, and places that say no level."""

from rows.log_rules.rule import GIVEN, LINE, NAMED, NOTHING, PLACED, RAISED, SAID, VAGUE, rule

ARROW = r"\s{0,9}--> " + GIVEN + r":" + LINE
EXCEPTION = r"(?!Error: )[A-Za-z_][\w.$]{0,200}(?:Error|Exception|Exit|Fault|Interrupt|Failure)"
RUNNING = r"(?:\d{1,9} )?"

GENERAL = (
    rule("stack frame", NOTHING,
         r"^\s{0,60}(?:at \S.{0,500}[():]|from \S{1,300}:\d|\.{3} \d{1,4} (?:more|common))",
         "    at shop.cart.ErrorPage.show(ErrorPage.java:12)"),
    rule("exception", RAISED, r"^\s{0,8}(?:Uncaught )?" + EXCEPTION + r"(?: \[\w+\])?: \S",
         "ValueError: no such price"),
    rule("exception alone", RAISED, r"^[\w.]{0,200}(?:AssertionError|Exception)$",
         "AssertionError"),
    rule("exception in a thread", RAISED,
         r"^(?:Unhandled [Ee]xception|Uncaught |terminate called |"
         r"A fatal error occurred: (?!Exit))\S?",
         "Unhandled exception. System.Exception: no such price", more=1,
         after=r"\s{1,8}what\(\)|\s{1,8}\S"),
    rule("empty error", VAGUE,
         r"^(?:operation failed|error|Error|ERROR|fatal|FATAL|\[ERROR\]|Failed|FAILED):?\s*$",
         "operation failed:"),
    rule("error handled", NOTHING,
         r"^\s{0,8}\[?[Ee]rrors? (?:handl|bound|messag|page|log|code|count|rate|report|budget|"
         r"state|case|path)", "Error handling is tested"),
    rule("error by name", PLACED, r"^" + RUNNING
         + r"[\s│╷]{0,8}(?:(?!No |Last |Expected |Handled |Caught )(?:[A-Z][A-Za-z]{2,14} ){1,2}"
         r"(?:Error|ERROR): \S|\[?(?:error|ERROR|Error|fatal|FATAL|Fatal|CRITICAL|SEVERE|"
         r"FAILURE)\]?(?:\[\w{1,40}\])?(?::| -|\s\||(?<=\])|(?<=[A-Za-z]) ) {0,7}\S)",
         "error: no such price", more=1, after=ARROW, bare=NAMED, read="caused"),
    rule("error with parentheses", NAMED, r"^(?:error|Error|ERROR)\(.{1,60}\):? \S",
         "Error(17): no such price"),
    rule("error of a command", NAMED,
         r"^\S{1,60}: (?:fatal |internal )?(?:error|ERROR|Error): \S", "ld: error: no such file"),
    rule("error with a time", NAMED,
         r"^\[?\d{2,4}[-/:]\d\d.{1,40}(?:\b(?:ERROR|FATAL|CRITICAL|SEVERE)\b\]?.{0,3}[\s|]\S|"
         r"\[(?:error|fatal|critical)\s{0,8}\] {1,4}\S)",
         "2026-03-02 12:00:01,123 ERROR cart - no such price"),
    rule("error of a logger", NAMED,
         r"^(?:(?:\w{1,30}=\S{1,60} ){0,4}level=(?:error|fatal)|[EF], \[\d{4}-)",
         "level=error msg=no"),
    rule("error of a category", NAMED, r"^(?:fail|crit): \S{1,200}\[\d{1,6}\]$",
         "fail: Shop.Cart[0]", more=1),
    rule("place and text", NAMED, r"^(?P<path>(?:[A-Za-z]:)?[^\s:()\[\]]{1,300}\.\w{1,10}):"
         + LINE + r":(?:\d{1,7}(?:-\d{1,7})?:? |\t)"
         r"(?!\(?(?:[Ww]arning|note|[Ii]nfo|remark|hint|in |\)|\})\b)[^\s\d].{2,900}$",
         "docs/cart.md:12:3 MD013 Line length"),
    rule("place in brackets", NAMED, r"^(?P<path>[^\s:()\[\]]{1,300}\.\w{1,10})[(\[:]" + LINE
         + r"(?:[,:]\d{1,7})?[)\]:]:? (?:[Ee]rror|ERROR|E\d|syntax|undefined|unexpected|"
         r"expected|missing|cannot|no )\b", "docs/cart.txt(12): undefined name"),
    rule("no such file", RAISED, r"^(?!\s{0,8}[-+#]).{1,300}[:'] No such file or directory\.?$",
         "cp: cannot stat 'a': No such file or directory", word="No such file or dir"),
    rule("permission", RAISED,
         r"^(?!\s{0,8}[-+#]).{1,300}[:'] (?:Permission denied|Operation not permitted)\.?$",
         "cp: cannot open 'a': Permission denied", word="ermi"),
    rule("connection", RAISED,
         r"^(?!\s{0,8}[-+#]).{1,300}[:'] Connection (?:refused|reset by peer|timed out)\.?$",
         "wget: example.org: Connection refused", word="Connection "),
    rule("refused", NAMED,
         r"^(?:Could not|Cannot|Can't|Unable to|Failed to|failed to|cannot|could not|"
         r"unable to|Couldn't|dependency failed to|\s{0,4}(?:[Uu]nknown|[Uu]nrecognized) "
         r"(?:option|argument|flag|command|subcommand)s?:?)" r" \S.{4,900}",
         "Could not resolve host: example.org"),
    rule("coverage", SAID,
         r"overage\b.{0,200}\b(?:below|less than fail|not (?:met|meet|reached))\b",
         "Coverage failure: total of 79 is less than fail-under=80", word="overage"),
    rule("timed out", NAMED, r"\b(?:[Tt]imed out|[Tt]imeout)(?: after| waiting| of|:| \()",
         "Timed out after 30 seconds", word="ime"),
    rule("said failed", VAGUE, r"(?:[Bb]uild failed|[Tt]ests? failed|\bfailed$)", "Tests failed",
         word=" failed"),
    rule("said failed in capitals", VAGUE, r"\bFAIL(?:ED|URE)?\b", "FAILED (failures=1)",
         word="FAIL"),
)  # fmt: skip
