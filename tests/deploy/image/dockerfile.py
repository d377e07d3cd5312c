"""A Dockerfile's stages and steps, and the files that a build may copy.

https://docs.docker.com/reference/dockerfile/ and .../build/concepts/context/#dockerignore-files
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Step(NamedTuple):
    """An instruction and what follows it, on one line."""

    name: str
    text: str

    def command(self) -> list[str]:
        """Return the words of ENTRYPOINT, or of HEALTHCHECK's CMD."""
        words: list[str] = json.loads(self.text[self.text.index("[") :])
        return words

    def settings(self) -> dict[str, str]:
        """Return what an ENV sets."""
        return dict(pair.split("=", 1) for pair in self.text.split())


class Stage(NamedTuple):
    """A stage: the image that it begins with, its name, its steps."""

    image: str
    name: str
    steps: list[Step]


def stages(text: str) -> list[Stage]:
    """Return a Dockerfile's stages. Raises ValueError for a step before the first."""
    plain = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    made: list[Stage] = []
    for line in re.sub(r"\\\n\s*", "", plain).splitlines():
        name, _, rest = line.strip().partition(" ")
        if name == "FROM":
            image, _, stage = rest.partition(" AS ")
            made.append(Stage(image, stage, []))
        elif name:
            if not made:
                raise ValueError(f"{name} stands before the first FROM")
            made[-1].steps.append(Step(name, rest.strip()))
    return made


def context(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder that its .dockerignore leaves to a build, relative to it."""
    lines = (folder / ".dockerignore").read_text("utf-8").splitlines()
    said = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    rules = [(line.startswith("!"), pattern(line.lstrip("!"))) for line in said]
    yield from walk(folder, folder, rules)


def walk(top: Path, folder: Path, rules: list[tuple[bool, re.Pattern[str]]]) -> Iterator[Path]:
    """Yield the files below a folder; what no exception can bring back is not looked into."""
    for path in sorted(folder.iterdir()):
        name = path.relative_to(top).as_posix()
        if path.is_dir() and not path.is_symlink():
            parents = any(kept and rule.pattern.startswith(re.escape(name)) for kept, rule in rules)
            if taken(name, rules) or parents:
                yield from walk(top, path, rules)
        elif taken(name, rules):
            yield path.relative_to(top)


def taken(name: str, rules: list[tuple[bool, re.Pattern[str]]]) -> bool:
    """Tell whether a path is copied: the last rule that matches it, or a folder above, decides."""
    said = [kept for kept, rule in rules if rule.match(name)]
    return said[-1] if said else True


def pattern(line: str) -> re.Pattern[str]:
    """Return what a line of .dockerignore matches: the path, and all below it."""
    parts = re.split(r"(\*\*/|\*)", line.strip("/"))
    spelled = {"**/": "(?:.*/)?", "*": "[^/]*"}
    return re.compile("".join(spelled.get(part, re.escape(part)) for part in parts) + "(?:/.*)?$")
