"""What the fake API server says of itself: its kinds and their schemas, and what paths name."""

import functools
from collections.abc import Iterator
from typing import NamedTuple

from kubernetes_validate import ValidationError as ValidationError
from kubernetes_validate import utils

from tests.kubernetes.rendering import Object

# Each file is read once: the package reads them for every object.
utils.schema_contents = functools.cache(utils.schema_contents)
VERSION = "1.37"
KINDS = {
    "v1": "ConfigMap Secret Service Pod ServiceAccount PersistentVolumeClaim Event",
    "apps/v1": "Deployment StatefulSet ReplicaSet",
    "batch/v1": "CronJob Job",
    "networking.k8s.io/v1": "Ingress NetworkPolicy",
    "policy/v1": "PodDisruptionBudget",
}


def validate(each: Object, version: str = VERSION) -> None:
    """Judge an object by the strict schemas of a version. Raises ValidationError."""
    utils.validate(each, version, strict=True)


def plural(kind: str) -> str:
    ending = {"y": "ies", "s": "ses"}.get(kind[-1], kind[-1] + "s")
    return kind[:-1].lower() + ending


class Place(NamedTuple):
    """What a path names: objects of a kind, or one of them by its name."""

    version: str
    kind: str
    name: str | None


def place_of(path: str) -> Place | None:
    """Return what a path names, None where it is none of objects."""
    for version, kinds in KINDS.items():
        if not path.startswith(root(version) + "/"):
            continue
        parts = path.removeprefix(root(version) + "/").split("/")
        if parts[0] == "namespaces" and len(parts) > 2:
            parts = parts[2:]
        by_plural = {plural(kind): kind for kind in kinds.split()}
        if parts[0] in by_plural and len(parts) < 3:
            return Place(version, by_plural[parts[0]], (*parts, None)[1])
    return None


def discovery(path: str) -> Object | None:
    """Return what the server says about itself, by path."""
    groups = [version for version in KINDS if "/" in version]
    if path == "/version":
        return {"major": "1", "minor": "37", "gitVersion": f"v{VERSION}.0"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        named = [{"groupVersion": each, "version": each.rpartition("/")[2]} for each in groups]
        listed = [
            {"name": each["groupVersion"].partition("/")[0], "versions": [each]} for each in named
        ]
        full = [{**each, "preferredVersion": each["versions"][0]} for each in listed]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": full}
    if path == "/openapi/v3":
        paths = {
            root(each).strip("/"): {"serverRelativeURL": "/openapi/v3" + root(each)}
            for each in KINDS
        }
        return {"paths": paths}
    for version, kinds in KINDS.items():
        if path == root(version):
            verbs = "create delete get list patch update watch".split()
            resources = [
                {"name": plural(kind), "namespaced": True, "kind": kind, "verbs": verbs}
                for kind in kinds.split()
            ]
            made = {"kind": "APIResourceList", "groupVersion": version, "resources": resources}
            return {"apiVersion": "v1", **made}
        if path == "/openapi/v3" + root(version):
            return {"openapi": "3.0.0", "paths": dict(validated(version, kinds.split()))}
    return None


def root(version: str) -> str:
    return f"/api/{version}" if version == "v1" else f"/apis/{version}"


def validated(version: str, kinds: list[str]) -> Iterator[tuple[str, Object]]:
    """Yield that the server itself finds fields that are none: the client then leaves it to it."""
    group, _, number = version.rpartition("/")
    parameters = [{"name": "fieldValidation", "in": "query"}]
    for kind in kinds:
        path = f"{root(version)}/namespaces/{{namespace}}/{plural(kind)}/{{name}}"
        gvk = {"group": group, "version": number, "kind": kind}
        yield path, {"patch": {"parameters": parameters, "x-kubernetes-group-version-kind": gvk}}
