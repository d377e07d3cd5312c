"""Lines that may say something, found in the whole text at once: no rule is tried on others.

Every line that a rule can match holds one of the words, begins as one of the starts, or names a
place; a test tries that on each rule's example and on all samples. Letters are compared in lower
case. A word costs about as much as the machine takes to look at each byte once.
"""

import re
from collections.abc import Iterator

WORDS = (
    b"error", b"fail", b"xception", b"kill", b"assert", b"not found", b"undefined", b"symbol",
    b" directory", b"ermi", b"connection ", b"memory", b"traceback", b" space ", b"find -l",
    b"timed out", b"timeout", b"unbound", b"recognized", b" *** ", b" line ", b"exit", b" below ",
    b"cve-", b"ghsa-", b"vulnerabilit", b" not met", b"not meet",
)  # fmt: skip
"""What a line holds anywhere."""

SHAPES = (
    re.compile(rb":(?<=[\w\])]:)(?<!\d\d:)\d{1,7}(?:[:,]\d|\]|:[ \t]|:in )"),
    re.compile(rb"\(\d{1,7}(?:,\d{1,7}){0,3}\)"),
)
"""A place: `file.c:12:3`, `file.cs(12,3)`."""

STARTS = re.compile(
    rb"\n(?:##\[error\]|#\d{1,4} \d{1,6}\.\d{1,3} |\[[-\d]{10} [\d:]{8}\] \[build-std\w{3}\] )?"
    rb"[ \t]{0,40}(?:"
    rb"e(?:[: ]|rr_|xec|ncou)|_{3}|\d{1,4}\) |\d{1,7}(?: {2,8}[a-z]| \| )|[a-z]{1,6}\d{2,4} |"
    rb"\d{1,7}:\d{1,7} |\d{1,5} - |"
    rb"[a-z](?:[a-z]{1,19}\[[a-z0-9-]{1,40}\]: |\[)|"
    rb"[!#>*|=%{(-]|"
    rb"\xe2(?:\x9c[\x95\x96\x97\x98]|\x9d\x8c|\x97\x8f|\x94[\x80\x82\x83]|\x95[\xb7\x90]|"
    rb"\x9e\xa4|\x9d\xaf\xe2\x9d[\xaf\xb1])|"
    rb"\xc3\x97|\[(?:[-!]|\xe2\x9c\x96)\] |\[(?:warn|fatal|\w+:\w+|[\d:]{8} (?:err|ftl))\]|\(fail|"
    rb"(?:file|at) \"?\S|in \S{1,300} line \d|"
    rb"\w+\.\w+:\d|(?:a(?:bort|apt|n error)|b(?:undler|rowsert|us err|egin|ehat|atch r)|"
    rb"c(?:an|heck: ckv|onfidence: |ondition|onflict|ould|ucumber|"
    rb"ompil|url:|abal|rate:)|d(?:iff in|uring|one|ockerfile\S{0,40}:\d)|"
    rb"executi|expected|panic|th(?:e |read)|toomany|"
    rb"runtime|s(?:rc|ys|ig[a-z]{2,6} \[)|f(?:atal|inding:|ollowing|ound \d)|g(?:pg:|"
    rb"em::|o: )|"
    rb"i(?:nit|nvalid)|l(?:: |fs:|int|ua|eft|ine)|m(?:ake|essage  |odule|ake sure|ix|ysql2::)|"
    rb"n(?:ame: |inja|o |ot |pm|ox)|pg::|"
    rb"po|pr(?:oblem|ocess)|r(?:ake|esult #|spec)|s(?:tatus|egm|ql|h:|yntax|ummary)|t(?:erminate|"
    rb"he |here)|"
    rb"un(?:able|caught|handled|format|expected|known )|w(?:ould|arning|get|orker ')|you[r ]|"
    rb"yn\d|re(?:set|mote: )|@parcel|v(?:algrind|iolation of|ulnerability #)|"
    rb"[a-z]{2,20}(?:-[a-z]{2,20}){1,4}: [a-z])"
    rb")"
)


def candidates(joined: bytes) -> Iterator[int]:
    """Yield the numbers of lines, from 0 and in order, that may say something."""
    low = b"\n" + joined.lower()
    places = [match.start() + 1 for match in STARTS.finditer(low)]
    for shape in SHAPES:
        places += [match.start() for match in shape.finditer(low)]
    for word in WORDS:
        place = low.find(word)
        while place >= 0:
            places.append(place)
            place = low.find(b"\n", place)
            place = low.find(word, place) if place >= 0 else -1
    line = last = begin = 0
    for place in sorted(places):
        line += low.count(b"\n", begin, place)
        begin = place
        if line != last:
            yield line - 1
            last = line
