"""Why a job was ended from outside; what passed; and what only hands on that something failed."""

from rows.log_rules.rule import CODE, END, KILLED, NOTHING, PASSED_ON, VAGUE, rule

ENDED = (
    rule("retried", VAGUE,
         r"(?<!out )\b[Rr]etrying (?:in|after|attempt|again|\(|\.{3}|\d|[a-z]{4,20} \(?\d)",
         "Error: connect ECONNREFUSED 127.0.0.1:5432, retrying in 5s", word="etrying "),
    rule("cancelled for another", END,
         r"^(?:Error: )?Canceling since a higher priority waiting request",
         "Canceling since a higher priority waiting request for 'deploy-main' exists"),
    rule("cancelled", END, r"^(?:Error: )?The (?:operation|run|job) was cancell?ed",
         "The operation was canceled."),
    rule("step timeout", END, r"^The action '.{1,200}' has timed out after \d+ minutes",
         "The action 'Run tests' has timed out after 10 minutes."),
    rule("job timeout", END,
         r"^(?:ERROR: )?(?:The job .{0,200}has exceeded the maximum execution|"
         r"Job failed: execution took longer than|The job exceeded the maximum time limit)",
         "The job running on runner a has exceeded the maximum execution time of 360 minutes."),
    rule("no output", END, r"^No output has been received in the last \d",
         "No output has been received in the last 10m0s, this potentially indicates a stall."),
    rule("runner lost", END, r"^The (?:self-)?hosted runner.{0,200} lost communication with the",
         "The hosted runner: a 5 lost communication with the server."),
    rule("runner stopped", END, r"^The runner has received a shutdown signal",
         "The runner has received a shutdown signal."),
    rule("runner system", END, r"^ERROR: Job failed \(system failure\): ",
         "ERROR: Job failed (system failure): prepare environment: exit code 1"),
    rule("log limit", END, r"^The (?:job|log length) (?:has )?exceeded the (?:maximum log length|"
         r"limit)", "The log length has exceeded the limit of 4 MB."),
    rule("disk full", END, r"(?:[Nn]o space left on device|There is not enough space on the disk)",
         "cp: error writing 'dist/app.bin': No space left on device", word=" space "),
    rule("killed", END, r"(?:^|: line \d{1,6}: +\d{1,9} |\*\*\* \[.{1,300}\] )Killed(?: |$)",
         "run.sh: line 1:  2345 Killed                  python train.py", word="Killed"),
    rule("killed by signal", END, r"(?:signal: killed|OOMKilled|Out of memory: Kill)",
         "signal: killed", word="ill"),
    rule("java memory", END, r"java\.lang\.OutOfMemoryError",
         "java.lang.OutOfMemoryError: Java heap space", word="OutOfMemoryError"),
    rule("memory", END,
         r"(?:Cannot allocate memory|virtual memory exhausted|"
         r"(?:runtime:|JavaScript heap) out of mem)",
         "fork: Cannot allocate memory", word="memory"),
    rule("python memory", END, r"^MemoryError$", "MemoryError"),
    rule("killed by exit code", KILLED,
         r"^(?:(?:Error: )?Process completed with|ERROR: Job failed:(?: command terminated with)?)"
         r" exit (?:code|status) 137\b", "Process completed with exit code 137."),
    rule("exit code", CODE, r"^(?:Error: )?Process completed with exit code -?\d",
         "Process completed with exit code 1."),
    rule("exit code of a command", CODE,
         r"^(?:The command \".{1,900}\" (?:exited with|failed and exited with) \d|"
         r"ERROR: Job failed: (?:command terminated with )?exit (?:code|status) \d|"
         r"Done\. Your build exited with \d|[Ee]xit(?:ed with)?(?: code| status):? "
         r"\d{1,3}\.?$)", 'The command "make test" exited with 2.'),
)  # fmt: skip

PASSING = (
    rule("passed", NOTHING, r"^(?:ok \d|PASS(?:ED)?\b|\s{0,40}--- (?:PASS|SKIP)|\s{0,8}[✓✔√] |"
         r"test .{1,300} \.\.\. (?:ok|ignored)$|\[ {7}OK \]|##\[warning\]|##\[notice\])",
         "ok 3 - handles an error"),
    rule("passed at the end", NOTHING, r"\bPASSED\b(?: \[|\s{0,40}(?:\[|$))",
         "test_b[x-'x' is not recognized as a command] PASSED", word="PASSED"),
    rule("passed by a worker", NOTHING, r"^\[gw\d+\] \[ {0,2}\d+%\] PASSED ",
         "[gw0] [ 50%] PASSED tests/test_a.py::test_error"),
    rule("warning with its place", NOTHING,
         r"(?:: |- )[Ww]arning(?: \w{1,12})?: (?!.{0,900}-Werror)",
         "ErrorPipeline.cs(12): warning CS1591: Missing comment", word="arning"),
    rule("note", NOTHING, r":\d{1,7}: note: ", "a.c:3:5: note: declared here", word=": note: "),
    rule("warning", NOTHING,
         r"^(?:\[?(?:WARN(?:ING)?|warn(?:ing)?|INFO|DEBUG|TRACE|info|debug)\]?"
         r"(?::| |\[)|npm (?:WARN|warn|notice) |[Dd]eprecat)(?!\[?error)(?!.{0,900}\*\*\* "
         r"FAILED)" r"(?!.{0,900}Not found: value )", "WARNING: error_log is deprecated"),
    rule("ruler with a count", NOTHING,
         r"^[=-]{3,200} .{0,100}\b(?:passed|failed|error)s?\b.{0,60}" r" in [\d.]+ ?s",
         "===== 2 failed, 1 passed in 0.10s ====="),
    rule("count", NOTHING, r"^\s{0,8}(?:Total )?(?:[Ff]ail(?:ures?|ed|s|ing)?|[Ee]rrors?|"
         r"[Tt]ests?|[Ss]uites?|Assertions|Timeout|"
         r"Unexpected Pass)\s{0,20}[:=]\s{0,20}\d[\d, ]*$", "Failures: 0"),
    rule("none of them", NOTHING, r"(?:^|[\s,(:])0 (?:failures?|errors?|failed|problems?)\b"
         r"(?!.{0,200}\b[1-9]\d{0,5} (?:failures?|errors?|failed))", "12 examples, 0 failures",
         word="0 "),
)  # fmt: skip

WRAPPERS = (
    rule("count of findings", VAGUE,
         r"^[\s✖✗✘×!#>*]{0,12}(?:\[?(?:ERROR|Error|error)\]?:?\s{1,4})?(?:(?:[Ff]ound|[Ee]ncountered|"
         r"[Dd]etected)\s(?:a total of )?)?[1-9]\d{0,6} (?:[a-z]{1,20} ){0,2}"
         r"(?:error|problem|issue|violation|offen[sc]e|finding|failure|link|test|warning|"
         r"vulnerabilit(?:y|ie))s?\b"
         r"[^:'\"/]{0,80}$", "[ERROR] Found 1 error"),
    rule("make", VAGUE, r"^(?:\S{0,200}make(?:\.exe)?(?:\[\d+\])?: \*\*\* |ninja: build stopped)",
         "make: *** [all] Error 2"),
    rule("linker driver", VAGUE, r"(?:collect2: error: |error: linker command failed)",
         "collect2: error: ld returned 1 exit status", word="error: l"),
    rule("cargo", VAGUE, r"^error: (?:could not compile|aborting due to|test failed, to rerun|"
         r"test run failed|\d+ targets? failed|build failed)",
         "error: could not compile `app` (lib)"),
    rule("just", PASSED_ON, r"^error: (?:process didn't exit|Recipe .{1,100} failed|"
         r"script \".{1,100}\" ex)", "error: Recipe `test` failed on line 3 with exit code 1"),
    rule("command of a file", VAGUE, r"^Unable to process file command '\w{1,20}' successfully",
         "Unable to process file command 'output' successfully."),
    rule("process", VAGUE,
         r"^(?:[^:]{1,80}: ){0,3}The process '.{1,300}' failed with exit code \d",
         "The process '/usr/bin/git' failed with exit code 128"),
    rule("retry", VAGUE,
         r"^(?:Error: )?(?:Final attempt failed|az cli script failed|"
         r"Docker \w+ failed with exit code|"
         r"Dependabot (?:encountered an error performing|failed with)|"
         r"ERROR: (?:Failed with error code \d|Error during Sonar|Re-run Sonar))",
         "Final attempt failed. Child_process exited with error code 1"),
    rule("yarn passing on", VAGUE, r"^(?:error Command failed|error: Command failed|"
         r"error Command \"|"
         r"error An unexpected error occurred: \"Command failed)",
         "error Command failed with exit code 1."),
    rule("maven help", VAGUE, r"^\[ERROR\] (?:(?:-> )?\[Help|Re-run Maven|To see the|For more|"
         r"After corr|Please refer to|COMPILATION ERROR|Failures:|Errors:|Tests run:|There "
         r"are test|" r"\s*$)",
         "[ERROR] Re-run Maven using the -X switch to enable full debug logging."),
    rule("maven goal with failing tests", VAGUE,
         r"^\[ERROR\] Failed to execute goal .{1,900}There (?:are|were) test failures",
         "[ERROR] Failed to execute goal a:b:2:test on project c: There are test failures."),
    rule("maven goal", PASSED_ON, r"^\[ERROR\] Failed to execute goal",
         "[ERROR] Failed to execute goal org.example:a:1:run (default) on project b: It broke"),
    rule("docker step", PASSED_ON, r"^(?:ERROR: |error: )?(?:failed to (?:solve|build): )?"
         r"(?:.{0,100}: )?process \"",
         'error: failed to solve: process "/bin/sh -c make" did not complete successfully',
         word='process "'),
    rule("old docker step", PASSED_ON, r"^The command '.{1,900}' returned a non-zero code: \d",
         "The command '/bin/sh -c make' returned a non-zero code: 2"),
    rule("container hook", PASSED_ON,
         r"^(?:Error: )?Executing the custom container implementation",
         "Executing the custom container implementation failed. Please contact your "
         "administrator."),
    rule("docker executor", PASSED_ON,
         r"^(?:ERROR: |error: )?(?:failed to solve: )?(?:.{0,100}: )?" r"executor failed running",
         "executor failed running [/bin/sh -c make]: exit code: 2", word="executor failed"),
    rule("task runner", PASSED_ON,
         r"^.{0,300}\bexited (?:with )?(?:code |status )?\(?[1-9]\d{0,4}\.?\)?$",
         "web:test: command npm run test exited (1)", word="exited "),
    rule("program that failed", PASSED_ON,
         r"^.{0,300}\b(?:exit (?:code|status):? |finished with non-zero exit "
         r"value |returned non-zero exit status )[1-9]\d{0,4}\.?\)?$", "make exit code 2",
         word="exit "),
    rule("test report", VAGUE, r"^(?:> )?(?:There (?:were|are) (?:failing tests|test failures)|"
         r"Compilation (?:failed|error); see the compiler)",
         "> There were failing tests. See the report at: file:///app/index.html"),
)  # fmt: skip
