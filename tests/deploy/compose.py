"""compose.yaml as Docker Compose reads it: variables put in, anchors merged, profiles chosen.

https://docs.docker.com/reference/compose-file/interpolation/ and /profiles/
"""

import re
from collections.abc import Mapping
from typing import Any

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
