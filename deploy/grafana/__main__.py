"""Write the dashboards with the address of your pages: python -m deploy.grafana --to DIR."""

import argparse
import sys
from pathlib import Path

from deploy.grafana import dashboards


def main(argv: list[str] | None = None) -> int:
    """Write the dashboards of every data source into a folder."""
    parser = argparse.ArgumentParser(prog="python -m deploy.grafana", description=__doc__)
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="folder for them")
    parser.add_argument(
        "--dashboard-url",
        default=dashboards.PAGES,
        metavar="URL",
        help=f"where people reach the pages (default {dashboards.PAGES})",
    )
    arguments = parser.parse_args(argv)
    if not arguments.dashboard_url.startswith(("http://", "https://")):
        parser.error("--dashboard-url: an address begins with http:// or https://")
    written = dashboards.files(arguments.to, arguments.dashboard_url.rstrip("/"))
    try:
        for path, text in written.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    except OSError as error:
        print(f"--to: {error.strerror}: {error.filename}", file=sys.stderr)
        return 2
    print(f"{len(written)} dashboards written to {arguments.to}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
