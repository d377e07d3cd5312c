"""The chart with files beside it, and what it renders to."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.kubernetes.programs import HELM, run
from tests.own_code import ROOT

CHART = ROOT / "charts/runledger"
OWN = Path(__file__).parent
SCRIPTS = {"myRetriever": "example.py", "other": "fetch.py"}
VALUES = ("default", "minimal", "full")
MONITORING = "monitoring.coreos.com/v1"
Object = dict[str, Any]


def with_files(folder: Path) -> Path:
    """Return a copy of the chart that has the files of two retrievers."""
    chart = folder / "runledger"
    shutil.copytree(CHART, chart)
    for name, script in SCRIPTS.items():
        own = chart / "files" / name
        own.mkdir(parents=True)
        (own / "requirements.txt").touch()
        shutil.copy(OWN / "retrievers" / script, own)
    return chart


def flags(values: str) -> list[str]:
    """Return what gives helm the values of a name."""
    return [] if values == "default" else ["--values", str(OWN / f"values/{values}.yaml")]


def template(
    chart: Path, *arguments: str | Path, program: str = HELM
) -> "subprocess.CompletedProcess[str]":
    """Render the chart as release `ci`."""
    return run(program, "template", "ci", chart, *arguments)


def rendered(chart: Path, values: str, *arguments: str) -> list[Object]:
    """Return the objects of the chart with the values of a name."""
    made = template(chart, *flags(values), *arguments)
    assert made.returncode == 0, made.stderr
    return objects(made.stdout)


def objects(text: str) -> list[Object]:
    """Return the objects of a text."""
    return [each for each in yaml.safe_load_all(text) if each]
