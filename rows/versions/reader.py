"""Read lines one after the other, and keep the versions that they list."""

from collections.abc import Iterable, Mapping

from rows.logs.output import BUILDER
from rows.versions import build_forms, python_forms
from rows.versions.form import LONGEST_NAME, LONGEST_VERSION, Form, fold

Versions = dict[tuple[str, str], str]
"""`(kind, name) -> version`."""
Forms = Mapping[str, tuple[Form, ...]]
"""Forms by the first word of the lines that they may match."""

MOST = 5000
"""Names of a job that are kept, the first ones."""
LONGEST = 16_000
"""Letters of a line that are looked at: pip lists all that it installed in one. A longer one may
have lost its end on its way (stream.LONGEST_RAW)."""
DIGITS = frozenset("0123456789")

BY_WORD: Forms = {
    word: (*python_forms.BY_WORD.get(word, ()), *build_forms.BY_WORD.get(word, ()))
    for word in {**python_forms.BY_WORD, **build_forms.BY_WORD}
}
SPOKEN = ("Successfully", "Digest:", "Status:")
"""First words of lines that are more than a form."""
NUMBERED = (python_forms.CONDA_PYPI, python_forms.CONDA_ROW)
"""Forms of lines whose second word begins with a digit."""


def read_versions(lines: Iterable[str], forms: Forms | None = None) -> Versions:
    """Return what lines list, without times and colours; `forms` are a vendor's own."""
    reader = VersionReader(forms)
    for line in lines:
        reader.read(line)
    return reader.versions


class VersionReader:
    """What the lines that were read list; `forms` are a vendor's own."""

    def __init__(self, forms: Forms | None = None) -> None:
        self.versions: Versions = {}
        self.forms = dict(BY_WORD)
        for word, more in (forms or {}).items():
            self.forms[word] = (*BY_WORD.get(word, ()), *more)
        self.digest = ""

    def read(self, line: str) -> None:
        """Read the next line; one that lists nothing changes nothing."""
        if len(line) > LONGEST:  # what the cut goes through is no version
            line = line[:LONGEST].rpartition(" ")[0]
        if mark := BUILDER.match(line):
            line = line[mark.end() :]
        words = line.split(None, 1)
        if not words:
            return
        word = words[0]
        forms = self.forms.get(word)
        if forms is not None:
            self.match(line, forms)
        elif len(words) == 1:
            if "==" in word:
                self.match(line, (python_forms.FROZEN,))
        elif words[1][0] in DIGITS:
            self.match(line, NUMBERED)
        elif word[0] == "[":
            self.match(line, (build_forms.JULIA,))
        elif word[0] == "#":
            self.match(line, (build_forms.BUILT_FROM,))
        elif "::" in line:
            self.match(line, (python_forms.CONDA_PLAN,))
        elif word == SPOKEN[0]:
            self.read_installed(line)
        elif word in SPOKEN:
            self.read_image(line)

    def match(self, line: str, forms: Iterable[Form]) -> None:
        """Keep what the first form that a line matches says of it."""
        line = line.rstrip()
        for form in forms:
            if match := form.pattern.match(line):
                listed = match.groupdict()
                self.keep(form.kind, form.spell(listed.get("name", form.name)), listed["version"])
                return

    def keep(self, kind: str, name: str, version: str) -> None:
        """Keep a version, unless it is too long, or one name too many."""
        key = (kind, name)
        if len(name) > LONGEST_NAME or len(version) > LONGEST_VERSION:
            return
        if key in self.versions or len(self.versions) < MOST:
            self.versions[key] = version

    def read_installed(self, line: str) -> None:
        """Keep what pip says that it installed; gem says it in the same words, one by one."""
        if not line.startswith(python_forms.SUCCESSFULLY):
            return
        for match in python_forms.INSTALLED.pattern.finditer(line.rstrip()):
            if ("gem", match["name"]) not in self.versions:
                self.keep("pip", fold(match["name"]), match["version"])

    def read_image(self, line: str) -> None:
        """Keep an image: its digest stands on one line, its name on one after that."""
        line = line.strip()
        if match := build_forms.DIGEST.pattern.match(line):
            self.digest = match["version"]
        elif self.digest and (match := build_forms.IMAGE.pattern.match(line)):
            self.keep("docker", match["name"], self.digest)
            self.digest = ""
