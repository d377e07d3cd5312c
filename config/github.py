"""GitHub's part of the configuration: its settings, and what `-r` may name there."""

from __future__ import annotations

import re

from config import values
from config.sources import Setting, SourceForm

FORM = SourceForm(
    settings={
        "url": ("GITHUB_API_URL", Setting("https://api.github.com", values.api_url)),
        "token": ("GITHUB_TOKEN", Setting(None, values.secret_text)),
        "app_id": ("GITHUB_APP_ID", Setting(None, values.app_id)),
        "app_pem": ("GITHUB_APP_PEM", Setting(None, values.existing_file)),
    },
    # Letters, digits, hyphens (an owner's may have an underscore before its company's short
    # code), a repository's dots and underscores too.
    pattern=re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*(?:/(?:\*|(?!\.{1,2}$)[A-Za-z0-9._-]+))?"),
    examples="org/repo, org or org/*",
)
