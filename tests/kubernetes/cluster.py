"""The objects of a fake cluster, and all that happened to them.

Bodies are judged by Kubernetes' own schemas. Its controllers know one rule: what makes pods is well
as soon as the Secrets and ConfigMaps are there that they name.
"""

import threading
from collections.abc import Iterator

from tests.kubernetes.controllers import TIME, run_controllers
from tests.kubernetes.discovery import Place, ValidationError, plural, validate
from tests.kubernetes.rendering import Object

IMMUTABLE = {
    "Deployment": ("selector",),
    "StatefulSet": ("selector", "serviceName", "volumeClaimTemplates"),
    "Job": ("selector", "template"),
}
"""https://kubernetes.io/docs/concepts/workloads/ says it of each."""


class Refused(Exception):
    """An answer that is an error: its code, reason and message."""


class Cluster:
    """The objects, and all that happened to them."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Object] = {}
        self.events: list[tuple[str, Object]] = []
        self.changed = threading.Condition()
        self.requests: list[str] = []

    def put(self, place: Place, body: Object, *, is_new: bool = False) -> Object:
        """Store an object. Raises Refused."""
        try:
            validate(body)
        except ValidationError as error:
            raise Refused(422, "Invalid", str(error)) from error
        name = body["metadata"]["name"]
        with self.changed:
            old = self.objects.get((place.kind, name))
            if is_new and old:
                raise Refused(409, "AlreadyExists", f"{place.kind} {name} already exists")
            for field in IMMUTABLE.get(place.kind, ()) if old else ():
                assert old is not None
                if old["spec"].get(field) != body["spec"].get(field, old["spec"].get(field)):
                    raise Refused(422, "Invalid", f"{name}: spec.{field}: field is immutable")
            kept = old["metadata"] if old else {}
            is_other = not old or old.get("spec") != body.get("spec")
            body["metadata"] |= {
                "namespace": "ci",
                "uid": kept.get("uid", f"uid-{len(self.events)}"),
                "creationTimestamp": TIME,
                "generation": kept.get("generation", 0) + is_other,
            }
            self.note("MODIFIED" if old else "ADDED", place.kind, body)
            run_controllers(self.objects, self.note)
            return self.objects[place.kind, name]

    def note(self, event: str, kind: str, body: Object) -> None:
        """Note that something happened to an object."""
        meta = {**body["metadata"], "resourceVersion": str(len(self.events) + 1)}
        self.objects[kind, meta["name"]] = {**body, "metadata": meta}
        self.events.append((event, self.objects[kind, meta["name"]]))
        self.changed.notify_all()

    def delete(self, place: Place) -> Object:
        """Delete an object, and the pods that it owns. Raises Refused."""
        with self.changed:
            gone = self.get(place)
            self.note("DELETED", place.kind, gone)
            del self.objects[place.kind, gone["metadata"]["name"]]
            return gone

    def get(self, place: Place) -> Object:
        """Return an object. Raises Refused."""
        if place.name is None or (place.kind, place.name) not in self.objects:
            raise Refused(404, "NotFound", f"{plural(place.kind)} {place.name!r} not found")
        return self.objects[place.kind, place.name]

    def listed(self, place: Place, query: dict[str, str]) -> list[Object]:
        """Return the objects of a kind that selectors choose."""
        own = [each for (kind, _), each in self.objects.items() if kind == place.kind]
        return [each for each in own if is_chosen(each, query)]

    def watch(self, place: Place, query: dict[str, str]) -> Iterator[Object]:
        """Yield events, the objects that are there first where that is asked for."""
        with self.changed:
            after = len(self.events)
            begin = self.listed(place, query)
        if query.get("sendInitialEvents") == "true":
            yield from ({"type": "ADDED", "object": each} for each in begin)
            ended = {"k8s.io/initial-events-end": "true"}
            meta = {"resourceVersion": str(after), "annotations": ended}
            named = {"apiVersion": place.version, "kind": place.kind, "metadata": meta}
            yield {"type": "BOOKMARK", "object": named}
        else:
            after = int(query.get("resourceVersion") or after)
        while True:
            with self.changed:
                if len(self.events) == after:
                    self.changed.wait(timeout=1)
                new, after = self.events[after:], len(self.events)
            for event, each in new:
                if each["kind"] == place.kind and is_chosen(each, query):
                    yield {"type": event, "object": each}
            if not new:
                yield {}


def is_chosen(each: Object, query: dict[str, str]) -> bool:
    """Tell whether selectors choose an object."""
    labels = {f"{k}={v}" for k, v in each["metadata"].get("labels", {}).items()}
    fields = {f"metadata.name={each['metadata']['name']}", "metadata.namespace=ci"}
    wanted = [("labelSelector", labels), ("fieldSelector", fields)]
    return all(set(filter(None, query.get(name, "").split(","))) <= has for name, has in wanted)
