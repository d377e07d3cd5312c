"""A kubelet that runs a pod's containers as processes: each in a root, with an account, of its own.

Images are not pulled: ours is this tree and its environment at /app and /venv, any other has Python
and nothing of ours. The root is read-only; volumes are folders; the network is this machine's.
"""

import base64
import functools
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from tests import leftovers
from tests.kubernetes.rendering import Object
from tests.own_code import ROOT

OURS = "runledger:"
SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc", "/dev", "/proc")
SECONDS = 120


class Kubelet:
    """Runs pods; `objects` are those of the cluster, by kind and name."""

    def __init__(self, folder: Path, objects: dict[tuple[str, str], Object]) -> None:
        if not may_mount():
            pytest.skip("a pod's roots are mounted apart, which this account may not")
        self.folder, self.objects = folder, objects
        folder.mkdir()

    def run(self, pod: Object, killed: Collection[str] = ()) -> dict[str, tuple[int, str]]:
        """Run a pod's containers, one after another those of init; return exit codes and logs.

        Those in `killed` are killed once something of theirs is on their `stdout`.
        """
        volumes = {each["name"]: self.volume(each) for each in pod.get("volumes", [])}
        ended = dict[str, tuple[int, str]]()
        for container in pod.get("initContainers", []):
            process = self.start(pod, container, volumes)
            ended[container["name"]] = end(process)
            if process.returncode:
                return ended
        running = {each["name"]: self.start(pod, each, volumes) for each in pod["containers"]}
        try:
            for name in killed:
                wait_for_output(volumes["output"] / name / "stdout", running[name])
                kill(running[name])
            return ended | {name: end(process) for name, process in running.items()}
        finally:
            for process in running.values():
                kill(process)

    def volume(self, volume: Object) -> Path:
        """Return a folder with what a volume holds."""
        path = self.folder / volume["name"]
        path.mkdir(exist_ok=True)
        path.chmod(0o777)
        for name, content in self.files(volume):
            (path / name).parent.mkdir(exist_ok=True)
            (path / name).write_bytes(content)
            (path / name).chmod(0o444)
        return path

    def files(self, volume: Object) -> Iterator[tuple[str, bytes]]:
        """Yield the files of a Secret or ConfigMap, by path."""
        if "secret" in volume:
            content, items = self.secret(volume["secret"]["secretName"]), volume["secret"]
        elif "configMap" in volume:
            data = self.objects["ConfigMap", volume["configMap"]["name"]]["data"]
            content, items = {k: v.encode() for k, v in data.items()}, volume["configMap"]
        else:
            return
        chosen = items.get("items") or [{"key": key, "path": key} for key in content]
        yield from ((item["path"], content[item["key"]]) for item in chosen)

    def secret(self, name: str) -> dict[str, bytes]:
        """Return what a Secret holds."""
        given = self.objects["Secret", name]
        plain = {key: value.encode() for key, value in given.get("stringData", {}).items()}
        return plain | {k: base64.b64decode(v) for k, v in given.get("data", {}).items()}

    def environment(self, container: Object) -> dict[str, str]:
        """Return the variables of a container."""
        environ = {"PATH": "/venv/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}
        for source in container.get("envFrom", []):
            if "configMapRef" in source:
                environ |= self.objects["ConfigMap", source["configMapRef"]["name"]]["data"]
        for each in container.get("env", []):
            reference = each.get("valueFrom", {}).get("secretKeyRef")
            environ[each["name"]] = (
                self.secret(reference["name"])[reference["key"]].decode()
                if reference
                else each["value"]
            )
        return environ

    def start(
        self, pod: Object, container: Object, volumes: dict[str, Path]
    ) -> "subprocess.Popen[str]":
        """Start a container."""
        root = self.folder / f"root-{container['name']}"
        root.mkdir()
        is_ours = container["image"].startswith(OURS)
        binds = [(path, path, "ro") for path in SYSTEM if Path(path).exists()]
        binds += [(sys.base_prefix, sys.base_prefix, "ro"), (sys.prefix, "/venv", "ro")]
        if is_ours:
            binds += [(str(path), f"/app/{path.name}", "ro") for path in image_files()]
        for mount in container.get("volumeMounts", []):
            source = volumes[mount["name"]] / mount.get("subPath", "")
            source.mkdir(exist_ok=True)
            source.chmod(0o777 if "subPath" in mount else source.stat().st_mode)
            way = "ro" if mount.get("readOnly") else "rw"
            binds.append((str(source), mount["mountPath"], way))
        user = pod["securityContext"]["runAsUser"]
        folder = "/app" if is_ours else "/"
        shell = "\n".join([*making(root, binds, is_ours=is_ours), entering(root, user, folder)])
        command = [*container.get("command", []), *container.get("args", [])]
        apart = ["unshare", "--mount", "--pid", "--fork"]
        return subprocess.Popen(
            [*apart, "sh", "-ec", shell, "sh", *command],
            env=self.environment(container),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@functools.cache
def may_mount() -> bool:
    """Tell whether a process may have mounts and a process table of its own here."""
    command = "mount -t tmpfs tmpfs /mnt"
    apart = ["unshare", "--mount", "--pid", "--fork", "sh", "-ec", command]
    return subprocess.run(apart, capture_output=True, check=False).returncode == 0


def image_files() -> Iterator[Path]:
    """Yield what of this tree is in the image."""
    rooms = (path.parent for path in ROOT.glob("*/__init__.py"))
    yield from (*ROOT.glob("*.py"), *rooms)
    yield ROOT / "feeds"


def making(root: Path, binds: list[tuple[str, str, str]], *, is_ours: bool) -> Iterator[str]:
    """Yield the commands that make a root."""
    place = shlex.quote(str(root))
    yield f"mount -t tmpfs -o mode=0755 tmpfs {place}"
    for source, target, way in binds:
        if os.path.islink(source) and source in SYSTEM:
            yield f"ln -s {shlex.quote(os.readlink(source))} {place}{source}"
            continue
        there = f"{place}{shlex.quote(target)}"
        kind = "mkdir -p" if Path(source).is_dir() else f"mkdir -p $(dirname {there}); touch"
        bind = "rbind" if source in SYSTEM else "bind"
        yield f"{kind} {there}; mount --{bind} {shlex.quote(source)} {there}"
        if way == "ro" and source not in SYSTEM:
            yield f"mount -o remount,bind,ro {there}"
    if is_ours:
        yield f"mkdir -p {place}/app {place}/data; ln -s /data {place}/app/data"
    yield f"mount -o remount,ro {place}"


def entering(root: Path, user: int, folder: str) -> str:
    """Return the command that becomes the container's."""
    account = f"--reuid {user} --regid {user} --clear-groups --no-new-privs --bounding-set=-all"
    inside = shlex.quote(f'cd {folder} && exec setpriv {account} "$@"')
    return f'exec /usr/sbin/chroot {shlex.quote(str(root))} /bin/sh -c {inside} sh "$@"'


def wait_for_output(path: Path, process: "subprocess.Popen[str]") -> None:
    """Wait until a container has written something."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and process.poll() is None:
        if path.exists() and path.stat().st_size:
            return
        time.sleep(0.02)
    raise AssertionError(f"nothing came to {path}")


def kill(process: "subprocess.Popen[str]") -> None:
    """Kill all of a container: its first process, with which the others end."""
    leftovers.send(signal.SIGKILL, leftovers.children(process.pid)[:1])


def end(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Wait for a container's end; return its exit code and log."""
    log, _ = process.communicate(timeout=SECONDS)
    return process.returncode, log
