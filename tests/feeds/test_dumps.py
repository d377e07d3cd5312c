"""Whole registries from one file: crates.io's dump and Homebrew's formulae."""

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
from tests.feeds.shipped import SAMPLES, addresses, cutting, load, needs, rows, sample

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


def write_dump(
    path: Path,
    changes: Mapping[str, tuple[str, str]] = MappingProxyType({}),
    files: str = "crates",
) -> str:
    """Write crates.io's dump, with a text of a file replaced, or a file left out for none."""
    with tarfile.open(path, "w:gz") as archive:
        for name in ("dependencies", "crates", "default_versions", "versions"):
            text = (SAMPLES / files / f"{name}.csv").read_text("utf-8")
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


def test_dump_that_is_cut_is_tried_sooner(engine: Engine, tmp_path: Path):
    whole = Path(write_dump(tmp_path / "dump.tar.gz")).read_bytes()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    for size in (0, 100, len(whole) // 2):
        with cutting(head % len(whole) + whole[:size]) as url:
            ended = load(engine, "crates", {"SOURCE_CRATES_URL": url})
        assert (ended.exitcode, ended.changed) == (75, 0)
        assert "the dump was cut" in ended.logtail


def test_rows_of_a_real_dump_come_as_they_are(engine: Engine, tmp_path: Path):
    # Times without a zone, `checksum` instead of `tar_sha256`, and sizes that nobody knows.
    path = write_dump(tmp_path / "dump.tar.gz", files="crates-2022")
    ended = load(engine, "crates", CRATES_DUMP=path)
    assert (ended.state, ended.error) == ("done", "")
    c, v = tables.packages.c, tables.versions.c
    assert rows(engine, select(c.import_id, c.name, c.latestversion).order_by(c.Id)) == [
        ("1339", "rand", "0.1.2"),
        ("545", "regex", "0.1.3"),
        ("2233", "regex-syntax", "0.1.0"),
        ("107436", "pin-project", "1.0.12"),
    ]
    query = select(v.version, v.published_at, v.size, v.downloads, v.checksum)
    assert rows(engine, query.where(v.import_id.in_(["1363", "602929"])).order_by(v.Id)) == [
        (
            "0.1.3", datetime(2014, 12, 19, 16, 16, 41, 737720), None, 1498,
            "defb220c4054ca1b95fe8b0c9a6e782dda684c1bdf8694df291733ae8a3748e3",
        ),
        (
            "1.0.12", datetime(2022, 8, 15, 13, 52, 11, 642129), 56972, 580330,
            "ad29a609b6bcd67fee905812e544992d216af9d755757c05ed2d0e15a74c6ecc",
        ),
    ]  # fmt: skip
    claims = select(c.name, tables.packagerepos.c.repo, tables.packagerepos.c.proof)
    claims = claims.join(tables.packagerepos, tables.packagerepos.c.package_id == c.Id)
    assert rows(engine, claims.order_by(c.Id)) == [
        ("rand", "rust-random/rand", "claim"),
        ("regex", "rust-lang/regex", "fields"),
        ("regex-syntax", "rust-lang/regex", "fields"),
        ("pin-project", "taiki-e/pin-project", "claim"),
    ]


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


def test_real_formulae_come_with_what_linux_builds_them_with(engine: Engine):
    ended = load(engine, "homebrew", HOMEBREW_FORMULA=str(SAMPLES / "formulae-recorded.json"))
    assert (ended.state, ended.error) == ("done", "")
    c = tables.packages.c
    assert rows(engine, select(c.name, c.latestversion).order_by(c.name)) == [
        ("age-plugin-yubikey", "0.3.0"),
        ("alembic", "1.8.3_2"),
        ("brotli", "1.0.9"),
        ("curl", "7.75.0"),
    ]
    assert [(name, kind, onlyif) for name, _, kind, onlyif in needs(engine, "curl")][-4:] == [
        ("zstd", "runtime", None),
        ("pkg-config", "build", None),
        ("krb5", "uses_from_macos", "linux"),
        ("zlib", "uses_from_macos", "linux"),
    ]
    assert [(name, *more) for name, _, *more in needs(engine, "age-plugin-yubikey")] == [
        ("rust", "build", None),
        ("pcsc-lite", "uses_from_macos", "linux"),
        ("pkg-config", "build", "x86_64_linux"),
    ]
    edge = select(tables.packageedges.c.kind)
    assert rows(engine, edge) == [("runtime",)]  # curl needs brotli; the others are not here


def test_formulae_without_a_field_end_the_load_by_name(engine: Engine, tmp_path: Path):
    formulae = sample("formula.json")
    del formulae[1]["uses_from_macos"]
    (tmp_path / "formula.json").write_text(json.dumps(formulae), "utf-8")
    ended = load(engine, "homebrew", HOMEBREW_FORMULA=str(tmp_path / "formula.json"))
    assert ended.logtail == "formula.json is wrong: formula 1 has no uses_from_macos"
    assert (ended.exitcode, ended.gone) == (1, 0)
