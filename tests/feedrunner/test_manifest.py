"""feed.toml: what is read, and the field that each wrong one is told by."""

from pathlib import Path

import pytest

from feedrunner.manifest import BadManifest, read_manifest, read_manifests
from feedrunner.streams import STREAMS

GOOD = 'command = "python shop.py --all"\nstreams = ["points"]\n'


def write(folder: Path, text: str, name: str = "shop") -> Path:
    path = folder / name / "feed.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text, "utf-8")
    return path


def test_manifest_is_read_with_its_defaults(tmp_path: Path):
    manifest = read_manifest(write(tmp_path, GOOD))
    assert manifest.command == ("python", "shop.py", "--all")
    assert (manifest.every, manifest.at, manifest.timeout) == (86400, None, 1200)
    assert (manifest.allowed.streams, manifest.allowed.manager) == (frozenset(["points"]), None)
    assert (manifest.memory, manifest.allowed.most_rows) == (2**30, 2_000_000)


def test_manifest_of_the_design_is_read(tmp_path: Path):
    text = """
    command = "python debian.py"
    at = "03:17"
    timeout = "20m"
    sources = ["debian"]
    streams = ["packages", "versions"]
    manager = "debian"
    env = { SUITE = "bookworm" }
    limits = { rows = 7, memory = "512M" }
    """
    manifest = read_manifest(write(tmp_path, text))
    assert (manifest.at, manifest.every, manifest.sources) == ((3, 17), None, ("debian",))
    assert (manifest.memory, manifest.allowed.most_rows) == (2**29, 7)
    assert manifest.env == {"SUITE": "bookworm"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('streams = ["points"]', "command is missing"),
        ('command = "x"', "streams is missing: list some of packages,"),
        (GOOD + 'evry = "6h"', "evry is not one of command, every,"),
        (GOOD + 'every = "6"', "every is not a span as in 30s, 20m, 6h or 1d"),
        (GOOD + 'every = "0h"', "every is not a span"),
        (GOOD + 'at = "24:00"', "at is not a time of day as in 03:17"),
        (GOOD + 'at = "03:00"\nevery = "1h"', "at is given, and every too: keep one"),
        (GOOD + 'manager = "../x"', "manager is not of lower-case letters"),
        (GOOD + "env = { a = 1 }", "env a is not NAME = text"),
        (GOOD + 'limits = { memory = "1T" }', "limits memory is not a size as in 512M or 1G"),
        (GOOD + "limits = { rows = true }", "limits rows is not a number from 1"),
        (GOOD.replace("points", "runs"), "streams is not a list of some of packages,"),
        ("command = 'python \"x.py'", "command is not words as a shell reads them (No closing"),
        ("command = ", "cannot be read ("),
    ],
)
def test_wrong_field_is_named(tmp_path: Path, text: str, why: str):
    with pytest.raises(BadManifest) as error:
        read_manifest(write(tmp_path, text))
    assert str(error.value).startswith(f"feeds/shop/feed.toml: {why}")


def test_wrong_manifest_hides_no_other(tmp_path: Path):
    write(tmp_path, "x", "bad")
    write(tmp_path, GOOD, "good")
    write(tmp_path, GOOD, "Not_A_Name")
    manifests = read_manifests(tmp_path)
    kinds = {name: type(each).__name__ for name, each in manifests.items()}
    assert kinds == {"Not_A_Name": "BadManifest", "bad": "BadManifest", "good": "Manifest"}


def test_feeds_that_come_along_are_read():
    manifests = read_manifests(Path(__file__).parents[2] / "feeds")
    names = "collect_ci_metrics crates debian homebrew npm pypi sbom upstream"
    assert [*manifests] == names.split()
    assert all(manifest.allowed.streams <= STREAMS.keys() for manifest in manifests.values())
