"""Every panel of Grafana's dashboards over a store of any size: which take how long.

python -m deploy.grafana.timing --url URL [--days 30] [--limit 60]
"""

import argparse
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from deploy.grafana.boards import BOARDS
from deploy.grafana.macros import Range, expand
from deploy.grafana.spelling import SOURCES
from sqlauthenticator import connector


def main(argv: Sequence[str] | None = None) -> int:
    """Print the seconds of each panel; return 1 where one exceeds the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="the store's; it is only read")
    parser.add_argument("--days", type=int, default=30, help="the range, up to the newest run")
    parser.add_argument("--limit", type=float, default=60, help="seconds that a reader has")
    options = parser.parse_args(argv)
    engine = sa.make_url(options.url).get_backend_name()
    source = SOURCES["mysql" if engine == "mariadb" else engine]
    worst = 0.0
    with connector(url=options.url) as connection:
        newest = connection.execute("SELECT MAX(createtime) FROM workflowruns").fetchone()[0]
        if newest is None:
            parser.error("--url: no run is stored there")
        end = datetime.fromisoformat(str(newest)).replace(microsecond=0)
        shown = Range(end - timedelta(days=options.days), end)
        for board in BOARDS:
            for panel in board.panels:
                statement = expand(source, source.spell(panel.sql), shown)
                begin = time.perf_counter()
                rows = connection.execute(statement).fetchall()
                took = time.perf_counter() - begin
                worst = max(worst, took)
                print(f"{took:7.2f} s  {len(rows):5} rows  {board.name}: {panel.title}", flush=True)
    print(f"{worst:7.2f} s at most, {options.days} days to {end.replace(tzinfo=UTC)}")
    return 1 if worst > options.limit else 0


if __name__ == "__main__":
    raise SystemExit(main())
