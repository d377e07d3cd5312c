"""MariaDB: MySQL but for what stands here, and its collations (mysql_ddl.py)."""

from __future__ import annotations

from dataclasses import replace

from engines.mysql import MYSQL


def limit(seconds: float) -> str:
    """Return the statement after which those of a session end after so many seconds.

    https://mariadb.com/docs/server/ha-and-performance/optimization-and-tuning/query-optimizations/aborting-statements
    """
    return f"SET SESSION max_statement_time = {max(seconds, 0.001):.3f}"  # 0 is no limit


MARIADB = replace(MYSQL, name="mariadb", drivers=frozenset({"mariadb+pymysql"}), limit=limit)
