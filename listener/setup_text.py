"""What the operator reads at the start: how deliveries find this listener."""

from collections.abc import Sequence
from pathlib import Path

from listener.vendors import VENDORS

TEXT = """\
Listening on {address}, {watching}.
{troubles}
{vendors}
What happened before comes with the backfill:
     python local-database.py -r "{repo}" -k KEY -m 1000

Ctrl-C ends it.
"""


def setup_text(
    host: str, port: int, repos: Sequence[str], made: Path | None, troubles: Sequence[str] = ()
) -> str:
    """Return the text for a listener; `made` is the file of a secret that is not set.

    `troubles` say what a person should change, though the listener starts.
    """
    named = next((repo for repo in repos if "/" in repo and not repo.endswith("/*")), "ORG/REPO")
    vendors = "\n".join(
        vendor.setup_text.format(
            secret=f"the text in {made}" if made else "the value of WEBHOOK_SECRET",
            secret_shell=f"$(cat {made})" if made else "$WEBHOOK_SECRET",
            titles=", ".join(vendor.setup_events.values()),
            events=",".join(vendor.setup_events),
            repo=named,
            local=f"http://localhost:{port}/webhook",
            origin=f"http://localhost:{port}",
        )
        for vendor in VENDORS
    )
    return TEXT.format(
        address=f"http://{f'[{host}]' if ':' in host else host}:{port}/webhook",
        watching=f"watching {', '.join(repos)}" if repos else "watching every repository",
        troubles="".join(f"WRONG: {trouble}\n" for trouble in troubles),
        vendors=vendors,
        repo=named,
    )
