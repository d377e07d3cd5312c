"""GitHub's workflows fit their published schemas, pin what they use, and may do what they need."""

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.own_code import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def schema(name: str) -> dict[str, Any]:
    """Return a schema as its owner publishes it."""
    vendor = resources.files("check_jsonschema.builtin_schemas.vendor")
    return json.loads((vendor / f"{name}.json").read_text("utf-8"))


def read(path: Path) -> dict[str, Any]:
    """Return a file; `on` is a key there, not YAML 1.1's true."""
    made = yaml.safe_load(re.sub(r"^on:", '"on":', path.read_text("utf-8"), flags=re.MULTILINE))
    return dict(made)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow_fits_the_published_schema(path: Path):
    jsonschema.validate(read(path), schema("github-workflows"))


def test_dependabot_fits_the_published_schema():
    jsonschema.validate(read(ROOT / ".github/dependabot.yml"), schema("dependabot"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_hash(path: Path):
    used = re.findall(r"uses: (.*)", path.read_text("utf-8"))
    assert [each for each in used if not PINNED.fullmatch(each)] == []


def steps_of(name: str) -> list[dict[str, Any]]:
    (job,) = read(ROOT / f".github/workflows/{name}.yml")["jobs"].values()
    return list(job["steps"])


def place(steps: list[dict[str, Any]], word: str) -> int:
    """Return the number of the one step that has a word."""
    (number,) = [n for n, step in enumerate(steps) if word in json.dumps(step)]
    return number


def test_only_what_was_started_and_scanned_is_published():
    steps = steps_of("publish")
    order = [
        "docker build --tag",
        "docker run",
        "trivy-action",
        "make audit",
        "--push",
        "helm push",
    ]
    places = [place(steps, word) for word in order]
    assert places == sorted(places)
    assert steps[place(steps, "trivy-action")]["with"]["exit-code"] == "1"


def test_text_from_outside_is_in_no_script():
    """A branch, a title or a name in a script would be run."""
    for path in WORKFLOWS:
        for job in read(path)["jobs"].values():
            scripts = [step["run"] for step in job["steps"] if "run" in step]
            assert [text for text in scripts if "${{" in text] == []


def test_publishing_is_all_that_may_write():
    may = {path.stem: json.dumps(read(path)).count('"write"') for path in WORKFLOWS}
    assert {name for name, number in may.items() if number} == {"publish", "lake"}
