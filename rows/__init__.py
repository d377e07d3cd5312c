"""Turn what a vendor sends into rows, and nothing else.

This package is pure: no clock, environment, log, database or network, only the standard
library. The same payload always gives the same rows, and the payload is never changed.

The contract of a row function (`job.job_row`, `branch.pushed_row`, ...):

- It returns a `Row`: the table's name and the values it knows. `repoid` and `repo` are added by
  the store, which knows what the repository is called today.
- *state* columns (what the vendor changes) come all together, with a `version` that orders them,
  or not at all: a row without them is a stub and has the empty version.
- *fixed* columns (the same in every record that has them) may be None or missing: both mean
  "this source does not say", never "there is none".
- A value that cannot be read is None, and noted; what names a row raises `Unmappable`.
"""

from typing import NamedTuple


class Row(NamedTuple):
    """One row to be merged into a table: its name, and the values by column."""

    table: str
    values: dict[str, object]


class Mapped(NamedTuple):
    """What one delivery says: the repository it is about, and the rows that belong to it."""

    provider: str
    repository: Row
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    """What of it could not be read, and is NULL."""
    is_end: bool = False
    """Whether it says that the repository is deleted."""


class StoredName(NamedTuple):
    """A workflow's name that the payload does not give: the stored one, else `otherwise`."""

    workflowgitid: int
    otherwise: str | None


class Unmappable(ValueError):
    """A field whose value cannot become a row; the text names the field and says why."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
