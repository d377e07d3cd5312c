"""What tells pushes of one second apart: GitHub's times do not."""

from engines.column_types import Exact, Moment
from schema.tables.columns import column, repo_id, row_id, table

branchmoves = table(
    "branchmoves",
    "What moved each branch in the two newest seconds that are known; orders pushes of one second",
    row_id(),
    repo_id("key"),
    column("name", Exact(), "key", "branches.name"),
    column("time", Moment, "key", "Time of the repository's push"),
    column(
        "beforehash",
        Exact(64),
        "key",
        "Commit it left, empty for none; `?` a deletion that does not say, `*` read from the API",
    ),
    column("afterhash", Exact(64), "key", "Commit it came to; empty once deleted"),
)
