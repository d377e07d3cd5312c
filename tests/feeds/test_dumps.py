"""Whole registries from one file: crates.io's dump and Homebrew's formulae, made by hand."""

import io
import json
import tarfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

import pytest
from sqlalchemy import Engine, select

from schema.tables import packages as tables
from tests.feeds.shipped import SAMPLES, addresses, load, needs, rows, sample

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def write_dump(path: Path, changes: Mapping[str, tuple[str, str]] = MappingProxyType({})) -> str:
    """Write crates.io's dump, with a text of a file replaced, or a file left out for none."""
    with tarfile.open(path, "w:gz") as archive:
        for name in ("dependencies", "crates", "default_versions", "versions"):
            text = (SAMPLES / "crates" / f"{name}.csv").read_text("utf-8")
            old, new = changes.get(name, ("", ""))
            if name in changes and not old:
                continue
            member = tarfile.TarInfo(f"2026-11-29-030000/data/{name}.csv")
            data = text.replace(old, new).encode() if old else text.encode()
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return str(path)


def test_crates_come_by_their_ids_with_what_the_default_version_needs(
    engine: Engine, tmp_path: Path
):
    ended = load(engine, "crates", CRATES_DUMP=write_dump(tmp_path / "dump.tar.gz"))
    assert (ended.state, ended.error) == ("done", "")
    c, v = tables.packages.c, tables.versions.c
    assert rows(engine, select(c.import_id, c.name, c.latestversion).order_by(c.Id)) == [
        ("463", "serde", "1.0.228"),
        ("9001", "serde_derive", "1.0.228"),
        ("77", "winapi", "0.3.9"),
    ]
    query = select(v.version, v.published_at, v.yanked, v.checksum).order_by(v.Id)
    assert rows(engine, query)[:2] == [
        ("0.1.0", datetime(2014, 12, 5, 20, 20, 39, 487502), True, "sha256:00ff"),
        ("1.0.228", datetime(2025, 9, 27, 16, 51, 35), False, "sha256:abcd"),
    ]
    assert needs(engine, "serde") == [
        ("serde_derive", "=1.0.228", "optional", "optional"),
        ("winapi", "^0.3", "runtime", "cfg(windows)"),
    ]
    assert [kind for _, _, kind, _ in needs(engine, "serde_derive")] == ["dev", "build"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"versions": (",yanked", ",taken_back")}, "data/versions.csv has no column yanked"),
        ({"dependencies": ("kind", "sort")}, "data/dependencies.csv has no column kind"),
        ({"default_versions": ("", "")}, "it has no data/default_versions.csv"),
        ({"crates": (",winapi,,,", "")}, "data/crates.csv, line 5: fields are missing"),
    ],
)
def test_dump_of_another_form_ends_the_load_by_name_and_nothing_is_gone(
    engine: Engine, tmp_path: Path, changes: dict[str, tuple[str, str]], why: str
):
    load(engine, "crates", CRATES_DUMP=write_dump(tmp_path / "dump.tar.gz"))
    ended = load(engine, "crates", CRATES_DUMP=write_dump(tmp_path / "bad.tar.gz", changes))
    assert (ended.state, ended.exitcode, ended.gone) == ("failed", 1, 0)
    assert ended.logtail == f"the dump is wrong: {why}"


def test_formulae_come_with_what_linux_needs(engine: Engine):
    ended = load(engine, "homebrew", HOMEBREW_FORMULA=str(SAMPLES / "formula.json"))
    assert (ended.state, ended.error) == ("done", "")
    c = tables.packages.c
    assert rows(engine, select(c.name, c.latestversion).order_by(c.name)) == [
        ("brotli", "1.1.0"),
        ("curl", "8.15.0_1"),
        ("only-head", None),
    ]
    assert [(name, kind, onlyif) for name, _, kind, onlyif in needs(engine, "curl")] == [
        ("brotli", "runtime", None),
        ("openssl@3", "runtime", None),
        ("pkgconf", "build", None),
        ("krb5", "uses_from_macos", "linux"),
        ("cpio", "build", "linux"),
        ("python", "build", "linux"),
        ("python", "test", "linux"),
        ("libidn2", "runtime", "arm64_linux x86_64_linux"),
    ]
    names = rows(engine, select(tables.provides.c.name).order_by(tables.provides.c.name))
    assert names == [("curl-openssl",), ("curl@8",)]
    assert ("repository", "https://github.com/curl/curl.git") in addresses(engine, "curl")


def test_formulae_without_a_field_end_the_load_by_name(engine: Engine, tmp_path: Path):
    formulae = sample("formula.json")
    del formulae[1]["uses_from_macos"]
    (tmp_path / "formula.json").write_text(json.dumps(formulae), "utf-8")
    ended = load(engine, "homebrew", HOMEBREW_FORMULA=str(tmp_path / "formula.json"))
    assert ended.logtail == "formula.json is wrong: formula 1 has no uses_from_macos"
    assert (ended.exitcode, ended.gone) == (1, 0)
