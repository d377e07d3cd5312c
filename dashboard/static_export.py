"""`python3 dashboard.py --export DIR`: the pages as files that work from any folder or web server.

The pages are asked for as a browser would, from the five of the menu on, and every link between
them becomes relative. What needs a server, such as free filters, is left out; the usual choices
are pages of their own.
"""

import hashlib
import html
import posixpath
import re
from collections import deque
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from flask import Flask
from flask.testing import FlaskClient

from dashboard.pages import NAVIGATION
from dashboard.view import formats

MOST = 3000
LIST = "exported-files.txt"
LACK = "<!-- what is left out -->"
"""Stands in the foot of a page."""
LINK = re.compile(r'\b(href|src)="(/[^"]*)"')
HREF = re.compile(r'<a\b([^>]*?)\bhref="(/[^"]*)"([^>]*)>(.*?)</a>', re.DOTALL)
LEFT_OUT = re.compile(
    r"/(deliveries(\.csv)?([/?]|$)|metrics|feed\.atom|badge\.svg|runs(\.csv)?\?.*\b(branch|commit|workflow|workflowgitid)=)"
)
SAFE = re.compile(r"[^A-Za-z0-9._-]+")


class CannotExport(Exception):
    """Why nothing, or not all, was written, in one line."""


class ServedFile(NamedTuple):
    """A page or file as the server gave it."""

    is_page: bool
    data: bytes


class ExportResult(NamedTuple):
    """How many files were written, and to how many pages beside them their links would lead."""

    files: int
    left: int

    @property
    def lack(self) -> str:
        """Say what was left out, with a space before it; nothing where nothing was."""
        if not self.left:
            return ""
        pages, verb = formats.count(self.left, "page"), "was" if self.left == 1 else "were"
        most = f"an export stops at {formats.count(self.files, 'file')}, those nearest to the start"
        return (
            f" At least {pages} that these lead to {verb} left out: {most}; a server has them all."
        )


def export(app: Flask, folder: Path, most: int = MOST) -> ExportResult:
    """Write the site into a folder. Raises CannotExport, OSError.

    A folder that holds anything else than an earlier export is left alone.
    """
    clear(folder)
    files, left = crawl(app, most)
    exported = ExportResult(len(files), left)
    names = {url: name_of(url, file.is_page) for url, file in files.items()}
    for url, served in files.items():
        file = folder / names[url]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(
            finished(served.data, names, names[url], exported) if served.is_page else served.data
        )
    (folder / LIST).write_text("".join(f"{name}\n" for name in sorted(names.values())))
    return exported


def clear(folder: Path) -> None:
    """Remove what an earlier export wrote."""
    folder.mkdir(parents=True, exist_ok=True)
    before = folder / LIST
    if not before.exists():
        if any(one for one in folder.iterdir() if not one.name.startswith(".")):
            raise CannotExport(f"{folder} is not empty, and no export of these pages")
        return
    home = folder.resolve()
    for name in before.read_text().splitlines():
        file = (folder / name).resolve()
        if file.is_relative_to(home):
            file.unlink(missing_ok=True)


def crawl(app: Flask, most: int) -> tuple[dict[str, ServedFile], int]:
    """Return the pages that links lead to, the nearest first, and the files they need.

    The number is that of the links that were not followed any more.
    """
    client = app.test_client()
    with app.test_request_context():
        start = [app.url_for(endpoint) for endpoint in NAVIGATION.values()]
    files: dict[str, ServedFile] = {}
    waiting, seen = deque(start), set(start)
    while waiting and len(files) < most:
        url = waiting.popleft()
        served = ask(client, url, must=url in start)
        if served is None:
            continue
        files[url] = served
        for _, escaped in LINK.findall(served.data.decode()) if served.is_page else ():
            link = html.unescape(escaped)
            if link not in seen and not LEFT_OUT.match(link):
                seen.add(link)
                # What every page needs must not fall victim to the limit.
                (waiting.appendleft if link.startswith("/static/") else waiting.append)(link)
    return files, len(waiting)


def ask(client: FlaskClient, url: str, must: bool) -> ServedFile | None:
    """Return what a URL gives, None where it gives nothing. Raises CannotExport."""
    answer = client.get(url)
    if answer.status_code != 200:
        if must:
            raise CannotExport(f"{url} cannot be had: {answer.status}")
        return None
    return ServedFile(answer.mimetype == "text/html", answer.data)


def name_of(url: str, is_page: bool) -> str:
    """Return the file of a URL: index.html, runs/github/7.html, time-Linux-1a2b3c4d.html."""
    parts = urlsplit(url)
    safe = [SAFE.sub("-", unquote(part)) for part in parts.path.split("/") if part]
    path = PurePosixPath(*safe) if safe else PurePosixPath("index")
    suffix = ".html" if is_page else path.suffix
    stem = str(path) if is_page else str(path.with_suffix(""))
    if parts.query:
        words = SAFE.sub("-", unquote(parts.query)).strip("-")[:40]
        stem += f"-{words}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"
    elif is_page and unquote(parts.path) != parts.path:
        stem += f"-{hashlib.sha256(url.encode()).hexdigest()[:8]}"
    return stem + suffix


def finished(data: bytes, names: dict[str, str], own: str, exported: ExportResult) -> bytes:
    """Return a page as it stands in its file."""
    page = data.decode().replace(LACK, html.escape(exported.lack))
    return relative(page, names, own).encode()


def relative(page: str, names: dict[str, str], own: str) -> str:
    """Return a page whose links lead to files; one that leads to none becomes plain text."""
    home = posixpath.dirname(own) or "."

    def anchor(match: re.Match[str]) -> str:
        before, link, after, text = match.groups()
        if html.unescape(link) in names:
            return match[0]
        attributes = re.sub(r'\s(?:data-peek|rel="[^"]*")', "", before + after)
        title = "" if " title=" in attributes else ' title="Not among these files"'
        return f"<span{title}{attributes}>{text}</span>"

    def pointed(match: re.Match[str]) -> str:
        name = names.get(html.unescape(match[2]))
        if name is None:
            return ""
        return f'{match[1]}="{html.escape(posixpath.relpath(name, home))}"'

    return LINK.sub(pointed, HREF.sub(anchor, page))
