"""Statements that PostgreSQL is sent without waiting for what it says.

All of psycopg's private names that we use stand in this file and in postgresql_session.py.
https://www.postgresql.org/docs/current/libpq-pipeline-mode.html
https://www.postgresql.org/docs/current/libpq-copy.html
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import psycopg
from psycopg.abc import PQGen
from psycopg.copy import LibpqWriter
from psycopg.errors import error_from_result
from psycopg.generators import fetch_many
from psycopg.pq import ExecStatus
from psycopg.waiting import Wait


class HoldingCursor(psycopg.Cursor[Any]):
    """Runs what its connection held back before its own statement, in one round trip."""

    def execute(self, *given: Any, **options: Any) -> Any:
        """Run a statement."""
        with self.connection.running_held():  # type: ignore[attr-defined] # ours
            return super().execute(*given, **options)

    def executemany(self, *given: Any, **options: Any) -> None:
        """Run a statement for many rows."""
        with self.connection.running_held():  # type: ignore[attr-defined] # ours
            super().executemany(*given, **options)

    def copy(self, *given: Any, **options: Any) -> Any:
        """Begin a COPY, which takes no part in a pipeline."""
        with self.connection.running_held():  # type: ignore[attr-defined] # ours
            pass
        return super().copy(*given, **options)

    def copy_later(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Send a COPY with its rows; what the server says of them is read by the next statement."""
        with self.copy(statement, writer=LaterWriter(self)) as copy:
            for row in rows:
                copy.write_row(row)


class LaterWriter(LibpqWriter):
    """Ends a COPY without waiting for its answer."""

    def finish(self, exc: BaseException | None = None) -> None:
        """Send the end of the rows; where they could not be made, wait until all is undone."""
        if exc is not None:
            super().finish(exc)
            return
        connection: Any = self.connection
        connection.wait(end_copy(self._pgconn))
        connection.owes_copy = True


def end_copy(session: Any) -> PQGen[None]:
    """Send the end of a COPY's rows."""
    while session.put_copy_end() == 0:
        yield Wait.W
    while session.flush() != 0:
        yield Wait.W


class SendingConnection(psycopg.Connection[Any]):
    """A connection that holds statements back, whose answer nobody needs yet, or sends them only.

    What is held goes together with the next statement, or with the COMMIT, which follows none that
    failed: a server skips what follows an error in a pipeline. An error of what was sent before is
    raised there, too.
    """

    held: list[Callable[[], object]]
    sent: ExitStack | None = None
    """Ends the pipeline in which statements were sent whose answers are not read yet."""
    failed: psycopg.Error | None = None
    """The first error among them, if one is known."""
    owes_copy = False
    """Whether a COPY was sent to its end, and its answer is not read yet."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.held = []
        self.cursor_factory = HoldingCursor

    @contextmanager
    def running_held(self) -> Iterator[None]:
        """Run what was held back, and the block, in one round trip; all that was held may fail."""
        self.settle_copy()
        failed, self.failed = self.failed, None
        if not self.held and self.sent is None and failed is None:
            yield
            return
        sent, self.sent = self.sent or self.begin_pipeline(), None
        held, self.held = self.held, []
        with sent:
            if failed is not None:
                raise failed
            for run in held:
                run()
            yield

    def begin_pipeline(self) -> ExitStack:
        """Return what ends the pipeline that begins."""
        pipeline = ExitStack()
        pipeline.enter_context(self.pipeline())
        return pipeline

    def push(self) -> None:
        """Send what is held back, for the server to begin; not where it is still at a COPY."""
        held = self.held
        if not held or self.owes_copy or self.closed:
            return
        self.held = []
        sent, self.sent = self.sent, None  # or the first of them would end the pipeline
        try:
            sent = sent or self.begin_pipeline()
            for run in held:
                run()
        except psycopg.Error as error:
            self.failed = self.failed or error
        finally:
            self.sent = sent

    def settle_copy(self) -> None:
        """Read the answer to a COPY that was sent."""
        if not self.owes_copy:
            return
        self.owes_copy = False
        for result in self.wait(fetch_many(self.pgconn)):
            if result.status != ExecStatus.COMMAND_OK:
                raise error_from_result(result)

    def commit(self) -> None:
        """End the transaction."""
        with self.running_held():
            super().commit()

    def forget_held(self) -> None:
        """Send nothing of what was held back, and read what is said of what was sent."""
        self.held.clear()
        with suppress(psycopg.Error):
            self.settle_copy()
        if self.sent is not None:
            sent, self.sent = self.sent, None
            with suppress(psycopg.Error):
                sent.close()
        self.failed = None

    def rollback(self) -> None:
        """End the transaction, without what was held back."""
        self.forget_held()
        super().rollback()
