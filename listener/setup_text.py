"""What the operator reads at the start: how deliveries find this listener."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from config.settings import split_name
from config.webhook_secret import secret_setting
from listener.vendors import VENDORS
from listener.vendors.head import WebhookVendor

TEXT = """\
Listening on {address}, {watching}.
{troubles}
{vendors}
What happened before comes with the backfill:
     python3 local-database.py -r "{repo}" -k KEY -m 1000

Ctrl-C ends it.
"""


def setup_text(
    host: str,
    port: int,
    repos: Sequence[str],
    made: Mapping[str, Path],
    troubles: Sequence[str] = (),
) -> str:
    """Return the text for a listener; `made` are the files of secrets that are not set, by vendor.

    `troubles` say what a person should change, though the listener starts. Vendors are those of
    `repos`, the usual one where that names none.
    """
    by_vendor: dict[str, list[str]] = {}
    for pattern in repos:
        vendor, name = split_name(pattern)
        by_vendor.setdefault(vendor, []).append(name)
    shown = [one for one in VENDORS if one.provider in by_vendor] or VENDORS[:1]
    texts = [
        vendor_text(vendor, by_vendor.get(vendor.provider, ()), port, made.get(vendor.provider))
        for vendor in shown
    ]
    others = ", ".join(one.title for one in VENDORS if one not in shown)
    texts += [f"Deliveries of {others} are taken at the same address.\n"] if others else []
    return TEXT.format(
        address=f"http://{f'[{host}]' if ':' in host else host}:{port}/webhook",
        watching=f"watching {', '.join(repos)}" if repos else "watching every repository",
        troubles="".join(f"WRONG: {trouble}\n" for trouble in troubles),
        vendors="\n".join(texts),
        repo=next((repo for repo in repos if is_repository(repo)), "ORG/REPO"),
    )


def is_repository(name: str) -> bool:
    """Tell whether a pattern may name one repository."""
    return "/" in name and not name.endswith("/*")


def vendor_text(vendor: WebhookVendor, names: Sequence[str], port: int, made: Path | None) -> str:
    """Return how a vendor's deliveries find a listener."""
    setting = secret_setting(vendor.provider)
    return vendor.setup_text.format(
        secret=f"the text in {made}" if made else f"the value of {setting}",
        secret_shell=f"$(cat {made})" if made else f"${setting}",
        titles=", ".join(vendor.setup_events.values()),
        events=",".join(vendor.setup_events),
        repo=next(filter(is_repository, names), "ORG/REPO"),
        local=f"http://localhost:{port}/webhook",
        origin=f"http://localhost:{port}",
    )
