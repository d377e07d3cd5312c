"""Print Homebrew's formulae: formula.json (https://formulae.brew.sh/docs/api/).

What macOS brings along (`uses_from_macos`) is not in `dependencies`, though Linux needs it; what
only some systems need is in `variations`. Former names and aliases are names that it provides.
"""

import json
import os
import re
import sys
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

NEEDS = {
    "dependencies": "runtime",
    "build_dependencies": "build",
    "test_dependencies": "test",
    "recommended_dependencies": "recommended",
    "optional_dependencies": "optional",
}
NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""What no text has, but one that was cut within a letter."""
FIELDS = ("name", "versions", "urls", "dependencies", "build_dependencies", "uses_from_macos")
"""What every formula has."""


class WrongFormula(Exception):
    """What is wrong with the file."""


def main() -> int:
    """Print all rows, in the order in which they name each other."""
    try:
        formulae = json.loads(read_formulae())
    except (OSError, HTTPException) as error:
        print(f"formula.json cannot be read: {error!r}", file=sys.stderr)
        return 78 if os.environ.get("HOMEBREW_FORMULA") else 75
    except (ValueError, RecursionError) as error:
        print(f"formula.json is no JSON: {error}", file=sys.stderr)
        return 1
    try:
        check(formulae)
        for number, formula in enumerate(formulae):
            try:
                emit_formula(formula)
            except (AttributeError, LookupError, TypeError, ValueError) as error:
                told = f"formula {number} ({formula['name']!r:.100}) has another form: {error!r}"
                raise WrongFormula(told) from error
    except WrongFormula as error:
        print(f"formula.json is wrong: {error}", file=sys.stderr)
        return 1
    for stream in ("packages", "versions"):
        print(json.dumps({"type": "ACTIVATE_VERSION", "stream": stream, "version": 1}))
    return 0


def read_formulae() -> bytes:
    """Return the file. Raises OSError."""
    if path := os.environ.get("HOMEBREW_FORMULA"):
        return (Path(__file__).parent / path).read_bytes()
    url = os.environ.get("SOURCE_HOMEBREW_URL", "https://formulae.brew.sh/api/formula.json")
    with urllib.request.urlopen(url, timeout=120) as answer:  # noqa: S310 - the operator's
        body: bytes = answer.read()
        return body


def check(formulae: Any) -> None:
    """Refuse a file whose form is another one. Raises WrongFormula."""
    if not isinstance(formulae, list):
        raise WrongFormula("it is no list")
    for number, formula in enumerate(formulae):
        for field in FIELDS:
            if not isinstance(formula, dict) or field not in formula:
                raise WrongFormula(f"formula {number} has no {field}")


def emit_formula(formula: dict[str, Any]) -> None:
    """Print a formula, its version, and what that needs."""
    name, version = formula["name"], (formula["versions"] or {}).get("stable")
    if version and formula.get("revision"):
        version = f"{version}_{formula['revision']}"
    about = (formula.get("desc") or "")[:1000]
    emit("packages", name=name, latestversion=version, readme=about or None)
    urls = formula["urls"] or {}
    stable = urls.get("stable") or {}
    found = {
        "homepage": formula.get("homepage"),
        "source": stable.get("url"),
        "repository": (urls.get("head") or {}).get("url"),
    }
    for kind, url in found.items():
        if url:
            emit("package_urls", package=name, type=kind, url=url[:512])
    if not version:
        return
    licensed, checksum = formula.get("license") or "", stable.get("checksum")
    own = {"package": name, "version": version}
    emit(
        "versions", **own, license=licensed if 0 < len(licensed) <= 64 else None,
        checksum=f"sha256:{checksum}" if checksum else None,
    )  # fmt: skip
    for position, (needed, kind, onlyif) in enumerate(needs_of(formula), start=1):
        emit("dependencies", **own, position=position, name=needed, kind=kind, onlyif=onlyif)
    for other in sorted({*formula.get("aliases", []), *formula.get("oldnames", [])} - {name}):
        emit("provides", **own, name=other)


def needs_of(formula: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    """Return what a formula needs: name, kind, and where only."""
    needs: list[tuple[str, str, str | None]] = [
        (name, kind, None) for field, kind in NEEDS.items() for name in formula.get(field) or []
    ]
    for use in formula["uses_from_macos"]:
        # A name, {name: tag}, or {name: [tags]}; a tag is build or test.
        uses = {use: "uses_from_macos"} if isinstance(use, str) else use
        for name, tags in uses.items():
            needs += [(name, kind, "linux") for kind in ([tags] if isinstance(tags, str) else tags)]
    known = {(name, kind) for name, kind, _ in needs}
    systems = dict[tuple[str, str], list[str]]()
    for system, variation in sorted((formula.get("variations") or {}).items()):
        for field, kind in NEEDS.items():
            for name in variation.get(field) or []:
                if (name, kind) not in known:
                    systems.setdefault((name, kind), []).append(system)
    return [*needs, *((*own, " ".join(names)[:512]) for own, names in systems.items())]


def emit(stream: str, **record: object) -> None:
    shown = {
        name: NO_TEXT.sub("\N{REPLACEMENT CHARACTER}", value) if isinstance(value, str) else value
        for name, value in record.items()
    }
    print(json.dumps({"type": "RECORD", "stream": stream, "record": shown}))


if __name__ == "__main__":
    sys.exit(main())
