"""GitHub's part of the configuration: its settings, and what `-r` may name there."""

import re
from urllib.parse import urlsplit

from config import values
from config.sources import Setting, SourceForm
from engines.reaching.loopback import is_loopback


def api_url(text: str) -> str:
    """Return the address of GitHub's API: https, or http on this machine only."""
    example = "https://api.github.com or https://ghes.example.org/api/v3"
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.username:
        raise ValueError(f"is not an address like {example}")
    if url.scheme == "http" and not is_loopback(url.hostname):
        raise ValueError("would send the token in clear: https is needed")
    return url._replace(netloc=url.netloc.lower()).geturl().rstrip("/")  # as links have it


def app_id(text: str) -> str:
    """Return a GitHub App's number or client id."""
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", text):
        raise ValueError("is no number or client id of a GitHub App")
    return text


def name_in(path: str, server: str) -> str:
    """Return the repository or owner that a page is of: of its runs, too, or of its settings."""
    parts = path.strip("/").removeprefix("orgs/").split("/")
    length = 1 if path.startswith("/orgs/") else 2
    return "/".join(parts[:length]).removesuffix(".git")


FORM = SourceForm(
    settings={
        "url": ("GITHUB_API_URL", Setting("https://api.github.com", api_url)),
        "token": ("GITHUB_TOKEN", Setting(None, values.secret_text)),
        "app_id": ("GITHUB_APP_ID", Setting(None, app_id)),
        "app_pem": ("GITHUB_APP_PEM", Setting(None, values.existing_file)),
    },
    # Letters, digits, hyphens (an owner's may have an underscore before its company's short
    # code), a repository's dots and underscores too.
    pattern=re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*(?:/(?:\*|(?!\.{1,2}$)[A-Za-z0-9._-]+))?"),
    examples="org/repo, org or org/*",
    name_in=name_in,
)
