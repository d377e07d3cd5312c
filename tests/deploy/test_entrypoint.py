"""Where a container may spool."""

import pytest

from deploy.entrypoint import outlives

ROOT = "1 0 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/l"
NAMELESS = "/var/lib/docker/volumes/" + "0123456789abcdef" * 4 + "/_data"


@pytest.mark.parametrize(
    ("mount", "expected"),
    [
        (
            "2 1 8:1 /var/lib/docker/volumes/runledger_spool/_data /data rw - ext4 /dev/sda1 rw",
            True,
        ),
        ("2 1 8:1 /srv/spool /data/spool rw - xfs /dev/sda1 rw", True),
        ("2 1 259:4 / /data rw - ext4 /dev/nvme1n1 rw", True),
        (f"2 1 8:1 {NAMELESS} /data rw - ext4 /dev/sda1 rw", False),
        ("2 1 0:60 / /data rw - tmpfs tmpfs rw", False),
        ("2 1 8:1 /pods/x/volumes/kubernetes.io~empty-dir/d /data rw - ext4 /dev/sda1 rw", False),
        ("2 1 8:1 /srv /database rw - ext4 /dev/sda1 rw", False),
        ("2 1 8:1 /srv /etc/hosts rw - ext4 /dev/sda1 rw", False),
    ],
)
def test_spool_outlives_the_container_only_on_a_volume_somebody_named(mount: str, expected: bool):
    assert outlives("/data/spool", f"{ROOT}\n{mount}\n") is expected


def test_spool_in_the_containers_own_layer_does_not_outlive_it():
    assert outlives("/data/spool", f"{ROOT}\n") is False
