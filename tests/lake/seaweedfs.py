"""SeaweedFS, an S3 server that keeps objects on a disk: `make test-lake` fetches it."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.own_code import ROOT
from tests.servers import executable, free_port

FETCHED = ROOT / "build/seaweedfs/weed"
BUCKET = "lake"
KEY, SECRET = "AKIAOFTHELAKE", "s3cr3t-of-the-lake"
READER, READERS_SECRET = "AKIAOFAREADER", "s3cr3t-of-a-reader"
PARTS = ("master", "filer", "volume", "s3")
WITHOUT = ("-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0")


def program() -> str | None:
    """Find the server; None where there is none."""
    return str(FETCHED) if FETCHED.exists() else executable("weed")


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """Give the address of a server with an empty bucket, one who may write it and one who reads."""
    found = program()
    assert found is not None
    told = {
        "identities": [
            {
                "name": key,
                "credentials": [{"accessKey": key, "secretKey": secret}],
                "actions": [f"{action}:{BUCKET}" for action in actions],
            }
            for key, secret, actions in (
                (KEY, SECRET, ("Read", "Write", "List")),
                (READER, READERS_SECRET, ("Read", "List")),
            )
        ]
    }
    config = folder / "s3.json"
    config.write_text(json.dumps(told))
    ports = {name: free_port() for part in PARTS for name in (f"{part}.port", f"{part}.port.grpc")}
    command = [
        found, "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
        f"-s3.config={config}", f"-bucket={BUCKET}", *WITHOUT,
        *(f"-{name}={port}" for name, port in ports.items()),
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{ports['s3.port']}"
        wait_for(f"{url}/{BUCKET}")
        yield url
    finally:
        process.kill()
        process.wait()


def wait_for(url: str) -> None:
    """Wait until the bucket is there, which refuses whoever has no key."""
    for _ in range(240):
        try:
            if requests.get(url, timeout=5).status_code == 403:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.25)
    raise TimeoutError(url)
