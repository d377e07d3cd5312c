"""A message -> the same message for every run: what differs by chance is masked.

Identifiers keep their digits: TS2322 and test_case_3 say what failed, and so does a test's name.
Nothing that is masked changes when it is masked again.
"""

import re
from collections.abc import Callable

LONGEST = 2000

NOT_INSIDE = r"(?<![\w/\\.@+~-])"
PART = r"[\w.@+~-]++"
ABSOLUTE = (
    NOT_INSIDE + r"(?:[A-Za-z]:|~|\.{1,2})?(?:/|\\{1,2})" + PART + rf"(?:[/\\]++{PART})*+[/\\]*+"
)
# With a dot or a second slash: TestTotal/two_prices is the name of a test.
RELATIVE = NOT_INSIDE + r"(?=[\w@+~-]*+(?:\.|/[\w@+~-]*+[./]))" + PART + rf"(?:/++{PART})++/*+"
HEX = r"\b(?=[{0}]*+\b)(?=[{1}]*[0-9])(?=[0-9]*[{1}])[{0}]{{{2},128}}\b"
UUID = r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"
DAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?"
MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
CLOCK = r"\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?(?: [AP]M\b)?"
DATE = (
    rf"\b{DAY}(?:\d{{1,2}}[ -]{MONTH}[ -]\d{{4}}|{MONTH} \d{{1,2}}(?:, \d{{4}})?)\b"
    rf"(?:,? {CLOCK})?(?: (?:GMT|UTC|[+-]\d{{4}}))?(?: \d{{4}}\b)?"
)
"""As letters, syslog and `date` write it."""
TIME = r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?"

Mask = str | Callable[[re.Match[str]], str]
Masks = tuple[tuple[re.Pattern[str], Mask], ...]


def compiled(*masks: tuple[str, Mask]) -> Masks:
    return tuple((re.compile(pattern), mask) for pattern, mask in masks)


TEST_NAME = re.compile(
    r"(?:(?<=--- FAIL: )|(?<==== RUN )|(?<==== NAME ))\S++"
    r"|(?:(?<=\.py)|(?<=\.py>)|(?<=<path>))::[^\s\[]++(?:\[[^\]]{0,300}\])?"
)
"""The name of a Go test, of one of pytest with its parameters."""
IN_TEST_NAMES = compiled(
    (UUID, "<hash>"), (TIME, "<time>"), (HEX.format("0-9a-f", "a-f", 16), "<hash>")
)
"""A name keeps its numbers: `local_0.14.0` is another test than `local_0.15.0`."""

ABOUT_FILE = re.compile(
    r"(?i)no such file|file not found|filenotfound|nosuchfile|enoent|eacces|permission denied"
    r"|(?:can(?:no|')t|could(?: no|n')t|unable to|failed to) "
    r"(?:be )?(?:open|find|read|load|access|stat|resolve|locate|write|create|parse|execute)"
    r"|does(?: no|n')t exist|(?:is|not) a directory|file exists|no rule to make target"
    r"|not match any files|cannot find module|error (?:open|read|load|pars)ing"
    r"|^(?:FAIL|FAILED|ERROR|ERROR collecting|not ok \d{1,6} -) \S++$"
)
"""A sentence about a file, which names what failed by its name."""
PLACE = r"(?![\"']?, line |\(\d|:\d|: line )"
"""A path with a line behind it says where, and not what."""
BARE = r"(?<![\w/\\.@+~-])(?=(?:[^\W\d]|-)*+\d)[\w-]++\.[A-Za-z]\w{0,9}\b" + PLACE
MADE_UP = r"\Atmp(?:[a-z0-9_]{8}|\.[A-Za-z0-9]{10})(?=\.|\Z)"
"""The name of a file that nobody named."""


def mask_url(match: re.Match[str]) -> str:
    """Return a URL's host without what differs by chance: who is asked says what failed."""
    server = re.split(r"[/?#\\]", match[1], maxsplit=1)[0].rpartition("@")[2]
    host = mask_with(re.split(r"[^\w.-]", server, maxsplit=1)[0].lower(), IN_NAMES)
    return f"<url:{host}>" if host else "<url>"


def name_file(match: re.Match[str]) -> str:
    """Return a path's last part without what differs by chance."""
    name = re.split(r"[/\\]", match[0].rstrip("/\\"))[-1]
    return f"<path:{mask_with(name, IN_NAMES)}>" if name.strip(".~") else "<path>"


IN_NAMES = compiled(
    (UUID, "<hash>"),
    (MADE_UP, "<hash>"),
    (HEX.format("0-9a-f", "a-f", 7), "<hash>"),
    (r"\d++(?:[.,]\d++)*+", "<n>"),
)

DRAWN = "[bcdfghjklmnpqrstvwxz2456789]"
"""What Kubernetes draws the ends of names from."""
STATUS = r"(?:10[0-3]|20[0-8]|30[0-8]|4(?:[0-2]\d|3[01]|51|99)|5(?:0\d|1[01]|2\d|30))"
"""What a server answers; the codes of programmes that were killed are none of these."""
KEPT = compiled(
    (
        r"(?i)\b(HTTP(?:/\d(?:\.\d)?)?|HTTPError|status|status[ _-]?code|response|code|error)"
        rf"((?: of| is| was)?[\"']?(?: ?[:=(] ?| )[\"']?)({STATUS})\b(?![.:,]?\d)",
        r"\1\2<http\3>",
    ),
    (r"(?i)\b(signal(?: code| number)?:? )(\d{1,2})\b", r"\1<signal\2>"),
)
"""Numbers that say what failed: a refusal (403) is not an outage (503)."""
GENERATED = compiled(
    (
        r"\b(?:eyJ[\w-]{5,2000}\.[\w-]{1,2000}\.[\w-]{0,2000}"
        r"|sha(?:1|256|384|512)-[A-Za-z0-9+/]{20,128}={0,2}"
        r"|runner-[\w-]{6,20}-project-\d{1,12}-concurrent-\d{1,4}(?:-?[a-z0-9]{5,10})?\b"
        r"|[0-9A-F]{4}(?::[0-9A-F]{4,8}){3}:[0-9A-F]{8}\b)",
        "<hash>",
    ),
    (
        r"(?i)\b((?:request|host|trace|correlation|activity|operation|session|invocation)[ _-]?id"
        r"[\"']? ?[:=] ?[\"']?)(?=[a-z+/=._-]{0,200}\d)[\w+/=.-]{6,200}",
        r"\1<hash>",
    ),
    (
        rf"(?<=[a-z0-9])-(?:(?=[a-z]{{0,9}}\d){DRAWN}{{6,10}}|\d{{8}})-{DRAWN}{{5}}\b(?![\w-])",
        "-<hash>",
    ),
    (r"\b(fv-az|gw)\d{1,6}(?:-\d{1,6})?\b", r"\1<n>"),
    (r"(?<=[-_])\d{8}\.\d{6}-\d{1,4}\b", "<time>"),
)
"""Names and ids that a cluster, a runner, a service or a tool makes up anew each time."""

ABOUT_POD = re.compile(r"(?i)\b(?:pods?|kube\w*|runner|replicasets?|daemonsets?|statefulsets?)\b")
PODS = compiled((rf"(?<=[a-z0-9])-(?=[a-z]{{0,3}}\d++[a-z]){DRAWN}{{5}}\b(?![\w./-])", "-<hash>"))
"""Elsewhere such an end may be a word; `http2` is one here, too."""

URLS = compiled((r"\b[a-z][a-z0-9+.-]{1,15}://([^\s'\"<>)\]]++)", mask_url))
TIMES = compiled(
    (DATE, "<time>"),
    (TIME, "<time>"),
    (r"\b\d{8}T\d{6}Z?\b", "<time>"),
    (rf"\b{CLOCK}", "<time>"),
)
FILES = compiled(
    (ABSOLUTE + PLACE, name_file),
    (RELATIVE + PLACE, name_file),
    (BARE, lambda match: mask_with(match[0], IN_NAMES)),
)
PATHS = compiled((ABSOLUTE, "<path>"), (RELATIVE, "<path>"))
NUMBERS = compiled(
    (UUID, "<hash>"),
    (r"\b0[xX][0-9a-fA-F]++\b", "<hash>"),
    # Before hashes, which the digits after the dot look like.
    (r"(?<![\w.])[+-]?\d++(?:\.\d++[eE][+-]?|[eE][+-])\d{1,3}(?!\w)", "<n>"),
    (r"\b(commit|revision|sha|HEAD is now at|object|tree) [0-9a-f]{7,40}\b", r"\1 <hash>"),
    (HEX.format("0-9a-f", "a-f", 7), "<hash>"),
    # The name of a container, an object of Java's.
    (
        r"(?:(?<=_)(?=[a-f]*+\d)(?=\d*+[a-f])[0-9a-f]{12,64}\b"
        r"|(?<=\w@)(?=[a-f]*+\d)(?=\d*+[a-f])[0-9a-f]{5,8}\b(?![.-]?\w))",
        "<hash>",
    ),
    (HEX.format("0-9A-Z", "A-Z", 16), "<hash>"),
    # A span of time or a size has another unit when it is longer.
    (r"(?<!\w)\d++h(?:\d++m)?(?:\d++(?:\.\d++)?s)?\b", "<n>s"),
    (r"(?<!\w)\d++m(?:\d++(?:\.\d++)?s)?\b", "<n>s"),
    (
        r"(?<!\w)[+-]?\d++(?:[.,]\d++)*+ ?"
        r"(?:[mµun]?s|(?:milli)?sec(?:ond)?s?|min(?:ute)?s?|hours?)\b",
        "<n>s",
    ),
    (r"(?<!\w)\d++(?:[.,]\d++)*+ ?(?:[KMGTkmgt]i?B|[KMGT]i|bytes?)\b", "<n>B"),
    (r"(?<!\w)[+-]?\d++(?:[.,]\d++)*+(?:[eE][+-]?\d++)?", "<n>"),
)  # fmt: skip


def masked(message: str) -> str:
    """Return a message with its numbers, hashes, paths and times masked, spaces single.

    A URL keeps its host, and in a sentence about a file that keeps its name.
    """
    text = " ".join(message[:LONGEST].split())
    while (again := mask_once(text)) != text:
        text = again
    return text


def mask_once(text: str) -> str:
    """Return a text with what is masked at the first look."""
    files = FILES if ABOUT_FILE.search(text) else ()
    masks = URLS + files + PATHS
    if re.search(r"\d", text):
        pods = PODS if ABOUT_POD.search(text) else ()
        masks = URLS + KEPT + TIMES + GENERATED + pods + files + PATHS + NUMBERS
    parts, end = list[str](), 0
    for match in TEST_NAME.finditer(text):
        parts += mask_with(text[end : match.start()], masks), mask_with(match[0], IN_TEST_NAMES)
        end = match.end()
    return "".join([*parts, mask_with(text[end:], masks)])[:LONGEST].rstrip()


def mask_with(text: str, masks: Masks) -> str:
    """Return a text with masks put in, one after the other."""
    for pattern, mask in masks:
        text = pattern.sub(mask, text)
    return text
