"""compose.yaml as Docker Compose reads it: variables put in, anchors merged, profiles chosen.

https://docs.docker.com/reference/compose-file/interpolation/ and /profiles/
"""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.own_code import ROOT

PATH = ROOT / "deploy/compose.yaml"
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def put_in(value: Any, environment: Mapping[str, str]) -> Any:
    """Return a value with ${NAME} and ${NAME:-default} replaced. Raises KeyError without either."""
    if isinstance(value, dict):
        return {name: put_in(each, environment) for name, each in value.items()}
    if isinstance(value, list):
        return [put_in(each, environment) for each in value]
    if not isinstance(value, str):
        return value

    def chosen(match: re.Match[str]) -> str:
        given = environment.get(match[1])
        return given or match[2] if match[2] is not None else environment[match[1]]

    return VARIABLE.sub(chosen, value)


def read(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the file with its variables put in."""
    made: dict[str, Any] = put_in(yaml.safe_load(PATH.read_text("utf-8")), environment or {})
    return made


def started(made: Mapping[str, Any], *profiles: str) -> dict[str, Any]:
    """Return the services that `up` starts with these profiles."""
    services = made["services"]
    return {
        name: service
        for name, service in services.items()
        if not service.get("profiles") or set(service["profiles"]) & set(profiles)
    }


def run_compose(folder: Path, *flags: str) -> dict[str, Any]:
    """Return what Docker Compose itself makes of the files of a folder; skips where it is not."""
    own = ROOT / "build/docker-compose"
    program = os.environ.get("DOCKER_COMPOSE") or (str(own) if own.exists() else None)
    if program is None:
        pytest.skip("no docker-compose: make servers fetches it out of a package of Debian 13")
    result = subprocess.run(
        [program, *flags, "config", "--format", "json"],
        cwd=folder, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")
    made: dict[str, Any] = json.loads(result.stdout)
    return made
