"""What the controllers of a cluster would do: Deployments, StatefulSets and Jobs become well."""

from collections.abc import Callable, Iterator

from tests.kubernetes.rendering import Object
from tests.kubernetes.sense import pod_of

TIME = "2026-11-29T08:00:00Z"
Note = Callable[[str, str, Object], None]
Objects = dict[tuple[str, str], Object]


def run_controllers(objects: Objects, note: Note) -> None:
    """Give each object the status that it has now."""
    for (kind, _), each in list(objects.items()):
        if kind not in STATUS:
            continue
        pod = pod_of(each)
        needed = [] if pod is None else needs(pod["spec"])
        lacks = [name for *name, key in needed if not has(objects.get(tuple(name)), key)]
        status = STATUS[kind](each, not lacks)
        if status != each.get("status"):
            note("MODIFIED", kind, {**each, "status": status})


def has(each: Object | None, key: str | None) -> bool:
    """Tell whether a Secret or ConfigMap is there, with a key."""
    return each is not None and (
        key is None or key in {**each.get("data", {}), **each.get("stringData", {})}
    )


def needs(pod: Object) -> Iterator[tuple[str, str, str | None]]:
    """Yield the Secrets and ConfigMaps, and keys, without which a pod does not start."""
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        for variable in container.get("env", []):
            if reference := variable.get("valueFrom", {}).get("secretKeyRef"):
                yield "Secret", reference["name"], reference["key"]
        for source in container.get("envFrom", []):
            if "secretRef" in source:
                yield "Secret", source["secretRef"]["name"], None
            if "configMapRef" in source:
                yield "ConfigMap", source["configMapRef"]["name"], None
    for volume in pod.get("volumes", []):
        if "secret" in volume:
            yield "Secret", volume["secret"]["secretName"], None
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"], None


def condition(kind: str, *, is_so: bool) -> Object:
    return {"type": kind, "status": "True" if is_so else "False", "lastTransitionTime": TIME}


def of_deployment(each: Object, is_well: bool) -> Object:
    replicas = each["spec"]["replicas"]
    ready = replicas if is_well else 0
    return {
        "observedGeneration": each["metadata"]["generation"],
        "replicas": replicas,
        "updatedReplicas": replicas,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "conditions": [
            condition("Available", is_so=is_well),
            {**condition("Progressing", is_so=True), "reason": "NewReplicaSetAvailable"},
        ],
    }


def of_stateful_set(each: Object, is_well: bool) -> Object:
    made = of_deployment(each, is_well)
    del made["conditions"]
    same = {"currentRevision": "1", "updateRevision": "1"}
    return {**made, **same, "currentReplicas": made["replicas"]}


def of_job(each: Object, is_well: bool) -> Object:
    if not is_well:
        return {"startTime": TIME, "active": 1}
    done = {"startTime": TIME, "completionTime": TIME, "succeeded": 1}
    return {**done, "conditions": [condition("Complete", is_so=True)]}


def of_budget(each: Object, _: bool) -> Object:
    counts = {"currentHealthy": 2, "desiredHealthy": 1, "disruptionsAllowed": 1, "expectedPods": 2}
    return {"observedGeneration": each["metadata"]["generation"], **counts}


STATUS = {
    "Deployment": of_deployment,
    "StatefulSet": of_stateful_set,
    "Job": of_job,
    "PodDisruptionBudget": of_budget,
}
