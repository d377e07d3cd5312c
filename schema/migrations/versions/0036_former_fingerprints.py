"""Fingerprints of older revisions of the masking."""

from engines.column_types import Exact
from schema.migrations.steps import create_table, needed

revision = "0036"
down_revision = "0018"


def upgrade() -> None:
    create_table(
        "formerfingerprints",
        "Fingerprints of older revisions of the masking, so that what carries one leads to its "
        "error",
        needed("former", Exact(64), "As it was"),
        needed("fingerprint", Exact(64), "As failures.fingerprint was then"),
        unique=["former"],
    )
