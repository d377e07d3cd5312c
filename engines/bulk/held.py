"""What was held back since a savepoint is not sent before a transaction goes back to it."""

from typing import Any

from sqlalchemy import Connection, Engine, event


def watch_savepoints(engine: Engine) -> None:
    """Let connections forget what they hold where a savepoint is gone back to."""
    event.listen(engine, "rollback_savepoint", forget_held)


def forget_held(connection: Connection, _: str, __: Any) -> None:
    """Forget all that is held: a SAVEPOINT sends what was held before it.

    A connection that is lost holds nothing, and asking for it takes the place of its error.
    """
    if not connection.invalidated:
        raw: Any = connection.connection.driver_connection
        raw.forget_held()
