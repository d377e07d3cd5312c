"""What is installed is pinned with hashes, listed as a bill of materials, and audited."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIN = re.compile(r"^([A-Za-z][\w.-]*)(?:\[\w+\])?==([^\s;]+)", re.MULTILINE)
LISTS = [f"requirements{part}" for part in ("", "-lake", "-dev", "-supply", "-seaweedfs")]


def pins(name: str) -> dict[str, str]:
    """Return versions by normalized name, those of the lists that it includes among them."""
    text = (ROOT / name).read_text()
    included = re.findall(r"^-r (\S+)", text, re.MULTILINE)
    own = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in PIN.findall(text)}
    return own | {name: pin for each in included for name, pin in pins(each).items()}


@pytest.mark.parametrize("name", LISTS)
def test_list_with_hashes_holds_the_versions_of_the_list_with_reasons(name: str):
    explained, installed = pins(f"{name}.in"), pins(f"{name}.txt")
    assert {each: installed.get(each) for each in explained} == explained


@pytest.mark.parametrize("name", LISTS)
def test_each_package_that_is_installed_has_hashes(name: str):
    entries = re.split(r"\n(?=\w)", (ROOT / f"{name}.txt").read_text())
    packages = [each for each in entries if PIN.match(each)]
    assert len(packages) == len(pins(f"{name}.txt")) > 0
    assert [each for each in packages if "--hash=sha256:" not in each] == []


@pytest.mark.parametrize("name", ["requirements", "requirements-dev"])
def test_nothing_is_installed_that_no_list_names(name: str):
    assert pins(f"{name}.txt") == pins(f"{name}.in")


def test_every_installation_asks_for_hashes():
    places = [ROOT / "Makefile", ROOT / "Dockerfile"]
    lines = [each for file in places for each in file.read_text().splitlines()]
    installing = [each for each in lines if "pip install" in each and "uv pip" not in each]
    assert len(installing) == 4
    assert [each for each in installing if "--require-hashes" not in each] == []


def make(target: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["make", target],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.fixture(scope="module")
def bill() -> dict:
    made = make("sbom")
    assert made.returncode == 0, made.stderr
    return json.loads((ROOT / "build/sbom.cdx.json").read_text())


def test_bill_of_materials_names_each_package_with_its_version(bill: dict):
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "runledger")
    addresses = {each["purl"].split("?")[0] for each in bill["components"]}
    assert addresses == {f"pkg:pypi/{name}@{pin}" for name, pin in pins("requirements.txt").items()}


@pytest.mark.usefixtures("bill")
def test_audit_without_an_answer_fails():
    nobody = "http://127.0.0.1:9"  # no proxy is there
    assert make("audit", HTTPS_PROXY=nobody, https_proxy=nobody).returncode != 0
