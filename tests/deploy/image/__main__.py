"""`python -m tests.deploy.image`: run every step of the Dockerfile in a clean root, and the image.

A root of Debian 12 stands for the image that the Dockerfile begins with: it has the same system and
a Python of the same version. Needs root, debootstrap, and the network for apt and pip.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.deploy.image.dockerfile import Stage, Step, context, stages
from tests.own_code import ROOT
from tests.servers import free_port

MIRROR = "http://deb.debian.org/debian"
PACKAGES = "python3,python3-venv,ca-certificates"
PATH = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"
OUTSIDE = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE")
"""What a step may know of the network: `docker build` hands proxies on, too."""


class Failed(Exception):
    """A step ended with another code than 0."""


def make_base(folder: Path, mirror: str) -> None:
    """Make the root that stands for the image, unless it is there."""
    if (folder / "usr/local/bin/python").is_symlink():
        return
    shutil.rmtree(folder, ignore_errors=True)
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm"]
    subprocess.run([*command, str(folder), mirror], check=True, stdout=subprocess.DEVNULL)
    (folder / "usr/local/bin/python").symlink_to("/usr/bin/python3")


MOUNTED = '''mkdir -p "$0/dev/shm"; mount --bind /proc "$0/proc"; mount -t tmpfs none "$0/dev/shm"
exec "$@"'''
"""What an engine mounts into a container, here for one command only."""


def run(
    root: Path,
    command: Sequence[str],
    settings: Mapping[str, str],
    place: str,
    user: str,
    errors: int | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a command in a root; `errors` is where its stderr goes."""
    inside = ["env", "-i", *(f"{name}={value}" for name, value in settings.items()), "sh", "-c"]
    entry = 'mkdir -p "$0" 2>/dev/null; cd "$0" && exec "$@"'
    changed = ["chroot", f"--userspec={user}", str(root), *inside, entry, place, *command]
    whole = ["unshare", "--mount", "sh", "-ec", MOUNTED, str(root), *changed]
    return subprocess.Popen(whole, stderr=errors)


class Image:
    """A stage on its way: its root, settings, folder and user."""

    def __init__(self, root: Path, earlier: Mapping[str, "Image"]) -> None:
        """Begin with a copy of the base."""
        self.root, self.earlier = root, earlier
        self.settings = {"PATH": PATH, "HOME": "/root"}
        self.place, self.user = "/", "0:0"
        self.health: list[str] = []
        self.entry: list[str] = []

    def take(self, step: Step) -> None:
        """Run a step. Raises Failed, and KeyError for one that is not known."""
        steps = {"RUN": self.shell, "COPY": self.copy, "ENV": self.set, "WORKDIR": self.enter}
        steps |= {"USER": self.become, "HEALTHCHECK": self.watch, "ENTRYPOINT": self.start_with}
        if step.name in {"VOLUME", "EXPOSE"}:
            return
        steps[step.name](step)

    def shell(self, step: Step) -> None:
        """Run a command as the shell does."""
        known = {"PIP_QUIET": "2"}
        known |= {name: os.environ[name] for name in OUTSIDE if name in os.environ}
        known |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        command = ["sh", "-c", step.text]
        if run(self.root, command, known | self.settings, self.place, self.user).wait():
            raise Failed(step.text)

    def copy(self, step: Step) -> None:
        """Copy files of the context, or of an earlier stage."""
        *sources, target = step.text.split()
        place = self.root / (Path(self.place) / target).relative_to("/")
        if sources[0].startswith("--from="):
            source = self.earlier[sources[0].removeprefix("--from=")].root / sources[1][1:]
            place.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "-a", str(source), str(place)], check=True)
            return
        for path in context(ROOT):
            if any(name == "." or path.as_posix() == name for name in sources):
                (place / path.parent).mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / path, place / path, follow_symlinks=False)

    def set(self, step: Step) -> None:
        """Set what later steps and the program know."""
        self.settings |= step.settings()

    def enter(self, step: Step) -> None:
        """Change the folder."""
        self.place = step.text

    def become(self, step: Step) -> None:
        """Change the user."""
        self.user = step.text

    def watch(self, step: Step) -> None:
        """Note the command that tells whether the program is well."""
        self.health = step.command()

    def start_with(self, step: Step) -> None:
        """Note the program."""
        self.entry = step.command()

    def is_ill(self) -> bool:
        """Tell whether the health check fails."""
        known = (self.settings, self.place, self.user)
        return run(self.root, self.health, *known, errors=subprocess.DEVNULL).wait() != 0

    def run_healthy(self, seconds: float) -> None:
        """Start the program, and wait until it says that it is well. Raises Failed."""
        self.settings["PORT"] = str(free_port())
        program = run(self.root, self.entry, self.settings, self.place, self.user)
        end = time.monotonic() + seconds
        try:
            while self.is_ill():
                if program.poll() is not None or time.monotonic() > end:
                    raise Failed(f"{' '.join(self.entry)} did not become healthy")
                time.sleep(0.5)
        finally:
            program.terminate()
            program.wait()


def build(base: Path, folder: Path, made: Sequence[Stage]) -> Image:
    """Run the stages, each in a copy of the base, and return the last."""
    images: dict[str, Image] = {}
    for number, stage in enumerate(made):
        root = folder / str(number)
        subprocess.run(["cp", "-a", str(base), str(root)], check=True)
        for name in ("etc/resolv.conf", "etc/pip.conf", "etc/ssl/certs/ca-certificates.crt"):
            if Path("/", name).exists():
                shutil.copy(Path("/", name), root / name)
        images[stage.name] = image = Image(root, images)
        for step in stage.steps:
            print(f"{stage.name or 'final'}: {step.name} {step.text[:70]}", flush=True)
            image.take(step)
    return image


def main(argv: Sequence[str] | None = None) -> int:
    """Run the steps and the program; return 1 and name the step that cannot work."""
    parser = argparse.ArgumentParser(prog="python -m tests.deploy.image", description=__doc__)
    parser.add_argument("--base", type=Path, default=ROOT / "build/bookworm", help="the root")
    parser.add_argument("--mirror", default=MIRROR)
    options = parser.parse_args(argv)
    if os.geteuid() or not shutil.which("debootstrap"):
        print("root and debootstrap are needed: apt-get install debootstrap", file=sys.stderr)
        return 2
    make_base(options.base.resolve(), options.mirror)
    with tempfile.TemporaryDirectory(prefix="image-", dir=options.base.resolve().parent) as name:
        Path(name).chmod(0o755)
        try:
            image = build(options.base, Path(name), stages((ROOT / "Dockerfile").read_text()))
            image.run_healthy(60)
        except Failed as failed:
            print(f"cannot work: {failed}", file=sys.stderr)
            return 1
    print("every step works, and the program becomes healthy as user 10001")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
