"""Addresses of GitHub's website."""

from __future__ import annotations

from urllib.parse import urlencode


def repository(run_url: str) -> str:
    """Return the repository's page from a run's."""
    return run_url.partition("/actions/")[0]


def compare(repo_url: str, older: str, newer: str) -> str:
    """Return the page of what lies between two commits."""
    return f"{repo_url}/compare/{older}...{newer}"


def new_issue(repo_url: str, title: str, body: str) -> str:
    """Return the form of a new issue, filled in.

    https://docs.github.com/issues/tracking-your-work-with-issues/using-issues/creating-an-issue
    """
    return f"{repo_url}/issues/new?{urlencode({'title': title, 'body': body})}"
