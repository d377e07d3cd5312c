"""Blocks of a log's lines -> the versions that they list; only lines that may list one cost.

What `reader.VersionReader` would say of every line is said here: the pattern leaves out lines that
it would leave out, too, and is tested to.
"""

import re
from typing import NamedTuple

from rows.logs.output import CONTROL, Dialect, cleaned
from rows.versions.reader import BY_WORD, SPOKEN, Forms, VersionReader, Versions

STAMP = rb"(?:(?:\xef\xbb\xbf)?\d{4}-\d\d-\d\dT[\d:.]{8,20}+Z (?:\d\d[OE][ +])?)?+"
BEFORE = rb"[ \t]*+(?:(?:#\d{1,4}+ \d{1,6}+\.\d{1,3}+|[A-Za-z][\w.-]{0,40}+ {0,20}+\|) )?+[ \t]*+"
MAVEN = re.escape(b"[INFO]")
SHAPES = (
    rb"[\w.-]++(?:==\d|[ \t]++(?:\d[\w.!+~-]*+ ++\w++ ++[a-z]|[\w./-]++::))",
    rb"(?:\xe2\x8c[\x83\x85] )?\[[0-9a-f]{8}\] ",
    rb"#\d{1,4}+ \[[^\n]{1,99}\] FROM ",
)
"""Lines that no first word tells: columns and pins, Julia's ids, a builder's FROM."""


class Script(NamedTuple):
    """What begins and ends the part of a log that only shows what is going to be run."""

    begin: bytes
    end: bytes


class LogVersionReader:
    """Read a log in blocks of whole lines; `forms` and `script` are the vendor's own."""

    def __init__(self, dialect: Dialect, forms: Forms, script: Script) -> None:
        self.reader = VersionReader(forms)
        self.dialect, self.script = dialect, script
        words = b"|".join(re.escape(word.encode()) for word in {*BY_WORD, *SPOKEN, *forms})
        words = words.replace(MAVEN, MAVEN + b" Download")  # else all that Maven prints
        marks = b"|".join(map(re.escape, script))
        parts = (STAMP, marks, BEFORE, words, b"|".join(SHAPES))
        self.pattern = re.compile(rb"\n%b(?:%b|%b(?:(?:%b)[ \te]|%b))[^\n]*+" % parts)
        self.is_script = False

    @property
    def versions(self) -> Versions:
        """What the lines so far list."""
        return self.reader.versions

    def read(self, block: bytes) -> None:
        """Take the next lines, each whole and with its end."""
        lines = self.pattern.findall(b"\n" + cleaned(block))
        for line in self.dialect.strip_times([line[1:] for line in lines]):
            if line.startswith(self.script):
                self.is_script = line.startswith(self.script.begin)
            elif not self.is_script:
                self.reader.read(CONTROL.sub("", line.decode(errors="replace")))
