"""Every panel of Grafana's dashboards over a store of any size: which take how long.

python -m deploy.grafana.timing --url URL [--days 1 30 90] [--rounds 3] [--limit 60]
"""

import argparse
import sqlite3
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from deploy.grafana.boards import BOARDS
from deploy.grafana.macros import Range, expand
from deploy.grafana.spelling import SOURCES
from sqlauthenticator import LIMIT, Connection, connector


def main(argv: Sequence[str] | None = None) -> int:
    """Print the least seconds of each panel and range; return 1 where one exceeds the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", required=True, help="the store's; it is only read")
    parser.add_argument(
        "--days", type=int, nargs="+", default=[1, 30, 90], help="ranges, up to the newest run"
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often each is asked")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds that a reader has")
    options = parser.parse_args(argv)
    engine = sa.make_url(options.url).get_backend_name()
    source = SOURCES["mysql" if engine == "mariadb" else engine]
    with connector(url=options.url, limit=options.limit) as connection:
        newest = connection.execute("SELECT MAX(createtime) FROM workflowruns").fetchone()[0]
        if newest is None:
            parser.error("--url: no run is stored there")
        end = datetime.fromisoformat(str(newest)).replace(microsecond=0)
        ranges = [Range(end - timedelta(days=days), end) for days in options.days]
        print(f"| panel | {' | '.join(f'{days} d' for days in options.days)} |")
        print("|---|" + "---|" * len(ranges))
        worst = [0.0] * len(ranges)
        for board in BOARDS:
            for panel in board.panels:
                spelled = source.spell(panel.sql)
                statements = [expand(source, spelled, shown) for shown in ranges]
                took = [least(connection, each, options.rounds) for each in statements]
                worst = [max(pair) for pair in zip(worst, took, strict=True)]
                print(f"| {board.name}: {panel.title} | {cells(took)} |", flush=True)
        print(f"| the slowest | {cells(worst)} |")
    return 1 if max(worst) == float("inf") else 0


def least(connection: Connection, statement: str, rounds: int) -> float:
    """Return the least seconds that a statement took, infinity where one was ended."""
    took = []
    for _ in range(rounds):
        begin = time.perf_counter()
        try:
            connection.execute(statement).fetchall()
        except sqlite3.OperationalError as error:
            if "limit" not in str(error):
                raise
            return float("inf")
        took.append(time.perf_counter() - begin)
    return min(took)


def cells(seconds: Sequence[float]) -> str:
    """Return the columns of a line."""
    return " | ".join("ended" if each == float("inf") else f"{each:.2f}" for each in seconds)


if __name__ == "__main__":
    raise SystemExit(main())
