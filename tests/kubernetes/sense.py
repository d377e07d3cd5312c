"""What an API server or a kubelet would refuse, and no schema sees: each complaint is a sentence.

https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

import base64
import binascii
import re
import zoneinfo
from collections import Counter
from collections.abc import Iterable, Iterator

from tests.kubernetes.rendering import Object

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
SERVICE = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
QUANTITY = re.compile(r"\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
CRON = re.compile(r"(@(yearly|monthly|weekly|daily|hourly)|[\d*/,-]+( [\d*/,A-Za-z-]+){4})")
CRONJOB_LETTERS, BYTES = 52, 2**20
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
HANDLERS = {"exec", "httpGet", "tcpSocket", "grpc"}
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def complaints(objects: list[Object]) -> list[str]:
    """Return what is wrong with the objects of a release, each as where and what."""
    return [f"{name_of(each)}: {what}" for each in objects for what in wrongs(each, objects)]


def name_of(each: Object) -> str:
    return f"{each['kind']}/{each['metadata']['name']}"


def wrongs(each: Object, objects: list[Object]) -> Iterator[str]:
    """Yield what is wrong with one object, beside the others."""
    if [name_of(other) for other in objects].count(name_of(each)) > 1:
        yield "is there twice"
    name, spec = each["metadata"]["name"], each.get("spec", {})
    if each["kind"] == "CronJob" and len(name) > CRONJOB_LETTERS:
        yield "its name has more than 52 letters"
    if not all(LABEL.fullmatch(part) for part in name.split(".")):
        yield "its name is none"
    if each["kind"] == "Service" and not SERVICE.fullmatch(name):
        yield "its name is no Service's"
    yield from wrong_labels(each["metadata"].get("labels", {}))
    if each["kind"] == "CronJob":
        if not CRON.fullmatch(spec["schedule"]):
            yield f"schedule {spec['schedule']}"
        if spec.get("timeZone", "Etc/UTC") not in zoneinfo.available_timezones():
            yield f"timeZone {spec['timeZone']}"
    if each["kind"] == "Secret":
        yield from wrong_secret(each)
    if each["kind"] == "ConfigMap" and sum(map(len, each["data"].values())) > BYTES:
        yield "is over 1 MiB"
    if each["kind"] == "PodDisruptionBudget" and {"minAvailable", "maxUnavailable"} <= spec.keys():
        yield "has two limits"
    yield from wrong_selector(each, objects)
    if (pod := pod_of(each)) is not None:
        yield from wrong_labels(pod["metadata"].get("labels", {}))
        yield from wrong_pod(each["kind"], pod["spec"])


def pod_of(each: Object) -> Object | None:
    """Return the template of the pods that an object makes."""
    spec = each.get("spec", {})
    if each["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec.get("template") if each["kind"] != "Pod" else each


def wrong_labels(labels: dict[str, str]) -> Iterator[str]:
    for name, value in labels.items():
        if not isinstance(value, str) or not LABEL_VALUE.fullmatch(value):
            yield f"label {name} {value}"


def wrong_secret(secret: Object) -> Iterator[str]:
    size = sum(len(value) for value in secret.get("stringData", {}).values())
    for name, value in secret.get("data", {}).items():
        try:
            size += len(base64.b64decode(value, validate=True))
        except binascii.Error:
            yield f"{name} is not base64"
    if size > BYTES:
        yield "is over 1 MiB"


def wrong_selector(each: Object, objects: list[Object]) -> Iterator[str]:
    """Yield where a selector selects no pod that is there."""
    spec = each.get("spec", {})
    if each["kind"] in ("Deployment", "StatefulSet"):
        wanted, pods = spec["selector"]["matchLabels"], [spec["template"]]
    elif each["kind"] == "Service":
        wanted, pods = spec["selector"], [pod for pod in map(pod_of, objects) if pod]
    elif each["kind"] in ("PodDisruptionBudget", "NetworkPolicy"):
        selector = spec["selector" if each["kind"] == "PodDisruptionBudget" else "podSelector"]
        wanted, pods = selector["matchLabels"], [pod for pod in map(pod_of, objects) if pod]
    else:
        return
    matching = [pod for pod in pods if wanted.items() <= pod["metadata"]["labels"].items()]
    if not matching:
        yield "its selector selects no pod"
    if each["kind"] == "Service":
        ports = {port["name"] for pod in matching for port in ports_of(pod["spec"])}
        for port in spec["ports"]:
            if isinstance(port["targetPort"], str) and port["targetPort"] not in ports:
                yield f"no pod has the port {port['targetPort']}"


def ports_of(spec: Object) -> list[Object]:
    return [port for container in spec["containers"] for port in container.get("ports", [])]


def wrong_pod(kind: str, spec: Object) -> Iterator[str]:
    """Yield what is wrong with a pod's containers and volumes, and what is not restricted."""
    if kind in ("Job", "CronJob") and spec.get("restartPolicy") not in ("Never", "OnFailure"):
        yield f"restartPolicy {spec.get('restartPolicy')}"
    if kind in ("Deployment", "StatefulSet") and spec.get("restartPolicy", "Always") != "Always":
        yield f"restartPolicy {spec['restartPolicy']}"
    security = spec.get("securityContext", {})
    if security.get("runAsNonRoot") is not True or not security.get("runAsUser"):
        yield "may run as root"
    if security.get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "has no seccomp profile"
    if spec.get("automountServiceAccountToken") is not False:
        yield "has a token of the API server"
    containers = [*spec.get("initContainers", []), *spec["containers"]]
    yield from twice("container", (container["name"] for container in containers))
    yield from twice("volume", (volume["name"] for volume in spec.get("volumes", [])))
    volumes = {volume["name"] for volume in spec.get("volumes", [])}
    volumes |= {"store"} if kind == "StatefulSet" else set()
    mounted = {m["name"] for each in containers for m in each.get("volumeMounts", [])}
    yield from (f"no volume {name}" for name in sorted(mounted - volumes))
    yield from (f"volume {name} is mounted nowhere" for name in sorted(volumes - mounted))
    for container in containers:
        for what in wrong_container(container):
            yield f"{container['name']}: {what}"


def wrong_container(container: Object) -> Iterator[str]:
    if not LABEL.fullmatch(container["name"]):
        yield "its name is none"
    if container.get("securityContext") != RESTRICTED:
        yield "is not restricted"
    yield from twice("mount at", (m["mountPath"] for m in container.get("volumeMounts", [])))
    yield from twice("variable", (variable["name"] for variable in container.get("env", [])))
    for variable in container.get("env", []):
        if not VARIABLE.fullmatch(variable["name"]):
            yield f"variable {variable['name']}"
        if ("value" in variable) + ("valueFrom" in variable) != 1:
            yield f"variable {variable['name']} has not one value"
    for port in container.get("ports", []):
        if not LABEL.fullmatch(port["name"]) or len(port["name"]) > 15:
            yield f"port {port['name']}"
    named = {port["name"] for port in container.get("ports", [])}
    for probe in PROBES:
        kinds = HANDLERS & container.get(probe, {"exec": {}}).keys()
        if len(kinds) != 1:
            yield f"{probe} is of {len(kinds)} kinds"
        for kind in kinds:
            port = container.get(probe, {}).get(kind, {}).get("port", 1)
            if isinstance(port, str) and port not in named:
                yield f"{probe} asks port {port}"
    for limits in container.get("resources", {}).values():
        yield from (f"{name} {each}" for name, each in limits.items() if not is_quantity(each))
    if "memory" not in container.get("resources", {}).get("limits", {}):
        yield "has no limit of memory"


def is_quantity(value: object) -> bool:
    return QUANTITY.fullmatch(str(value)) is not None


def twice(what: str, names: Iterable[str]) -> Iterator[str]:
    yield from (f"{what} {name} is there twice" for name, n in Counter(names).items() if n > 1)
