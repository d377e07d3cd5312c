"""What health holds that is not good."""

from sqlalchemy import Engine

from engines import reading
from store.state import health
from store.state.health import GOOD, StoredHealth


def read_warnings(engine: Engine) -> list[StoredHealth]:
    """Return what is not good, the worst first."""
    with reading(engine).connect() as connection:
        return [row for row in health.rows(connection) if row.state != GOOD]
