"""The packages of apt's lists: stanzas as bookworm has them, cut and put together by hand."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from schema.tables import packages as tables
from tests.feeds.shipped import addresses, load, needs, rows

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
PACKAGES = """\
Package: python3-app
Source: app (2.0-1)
Version: 1:2.0-1+b1
Pre-Depends: dpkg (>= 1.15.6~)
Depends: python3:any (>= 3.9~), default-mta | mail-transport-agent,
 libc6 (>= 2.34)
Suggests: app-doc
Homepage: https://github.com/octo-org/app
Size: 123

Package: postfix
Version: 3.7.1-1
Provides: default-mta, mail-transport-agent (= 1)

Package: postfix
Version: 3.7.10-0+deb12u1
Provides: mail-transport-agent

Package: golang-x
Version: 1~rc1-1
"""
SOURCES = """\
Package: app
Version: 2.0-1
Vcs-Git: https://salsa.debian.org/python-team/app.git -b debian/main [sub]

Package: app
Version: 9.9-1
Extra-Source-Only: yes
Vcs-Git: https://salsa.debian.org/old/app.git

Package: golang-x
Version: 1~rc1-1
Go-Import-Path: github.com/octo-org/x
"""


def test_lists_are_read_with_alternatives_names_and_sources(engine: Engine, tmp_path: Path):
    (tmp_path / "deb_dists_bookworm_main_binary-amd64_Packages").write_text(PACKAGES, "utf-8")
    (tmp_path / "deb_dists_bookworm_main_source_Sources").write_text(SOURCES, "utf-8")
    assert load(engine, "debian", DEBIAN_LISTS=str(tmp_path)).error == ""
    c = tables.packages.c
    assert rows(engine, select(c.name, c.latestversion).order_by(c.name)) == [
        ("golang-x", "1~rc1-1"),
        ("postfix", "3.7.10-0+deb12u1"),
        ("python3-app", "1:2.0-1+b1"),
    ]
    assert [(name, span, kind) for name, span, kind, _ in needs(engine, "python3-app")] == [
        ("dpkg", ">= 1.15.6~", "runtime"),
        ("python3", ">= 3.9~", "runtime"),
        ("default-mta", None, "runtime"),
        ("mail-transport-agent", None, "runtime"),
        ("libc6", ">= 2.34", "runtime"),
        ("app-doc", None, "optional"),
    ]
    assert rows(engine, select(tables.provides.c.name)) == [("mail-transport-agent",)]
    assert addresses(engine, "python3-app") == [
        ("homepage", "https://github.com/octo-org/app"),
        ("packaging", "https://salsa.debian.org/python-team/app.git"),
    ]
    assert addresses(engine, "golang-x") == [("repository", "https://github.com/octo-org/x")]


def test_no_lists_are_no_set_up(engine: Engine, tmp_path: Path):
    assert load(engine, "debian", DEBIAN_LISTS=str(tmp_path)).exitcode == 78
