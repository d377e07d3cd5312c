"""A roll-up that was made anew and says the same: what a delivery does to today's."""

from sqlalchemy import func, select, update

from engines import connect
from schema.tables.rollups import rollspans
from store.rollups.spans import DAY


def remake_newest(url: str) -> None:
    """Let the newest day's roll-up be another making of the same."""
    span, writer = rollspans.c, connect(url, tls=False)
    newest = select(func.max(span.begintime)).where(span.kind == DAY)
    with writer.begin() as connection:
        own = (span.kind == DAY, span.begintime == connection.scalar(newest))
        connection.execute(update(rollspans).where(*own).values(revision=span.revision + 1))
    writer.dispose()
