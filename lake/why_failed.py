"""Say in one sentence why the lake failed, and what helps, without a secret."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from config.lake_place import LakeSettings

GOES_ON = "nothing is lost: the same command goes on where it was"
MANY = 300
"""Letters of DuckDB's own text that are kept."""


class Reason(NamedTuple):
    """A pattern in DuckDB's text, and the sentence for it; `{0}` is what its group has."""

    pattern: str
    sentence: str
    goes_on: bool = True


OF_BUCKET = (
    Reason(
        "ExpiredToken|TokenRefreshRequired|RequestExpired",
        "the keys to the bucket have expired: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and"
        " AWS_SESSION_TOKEN need new ones",
    ),
    Reason(
        "QuotaExceeded|StorageFull|HTTP code 507|HTTP 507|NoSpace|EntityTooLarge",
        "the bucket is full",
    ),
    Reason("NoSuchBucket", "there is no such bucket: LAKE_DATA names it"),
    Reason(
        "InvalidAccessKeyId|SignatureDoesNotMatch|InvalidToken",
        "the bucket's server does not know these keys: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY",
    ),
    Reason(
        "(?:PUT|POST|DELETE)[^\\n]*(?:403|Forbidden)|to URL s3:[^\\n]*(?:403|Forbidden)",
        "the bucket may not be written with these keys (AWS_ACCESS_KEY_ID)",
    ),
    Reason("403|AccessDenied|Forbidden", "the bucket may not be read with these keys"),
    Reason("404|NoSuchKey", "a file of the lake is gone from the bucket: restore it, or"
           " make the lake anew elsewhere"),
    Reason(
        "Could not (?:connect|establish|resolve)|HTTP (?:code )?5\\d\\d|SlowDown|timed? ?out",
        "the bucket's server does not answer: AWS_ENDPOINT_URL, or try again later",
    ),
)  # fmt: skip
OF_MEMORY = (
    Reason(
        "Out of Memory Error",
        "what DuckDB may take of memory (2 GB) and of the disk for what does not fit is not enough:"
        " ask for fewer rows or columns at once, or for sums of them",
        goes_on=False,
    ),
)
OF_CATALOG = (
    Reason(
        r"catalog version is (\S*), but the extension requires version ([\d.]+\d)",
        "the catalog is of DuckLake {0}, and the DuckDB here reads {1}: ask and write it with the"
        " one of requirements-lake.txt alone; what was migrated by another goes back by its copy"
        " .before-maintain",
        goes_on=False,
    ),
    Reason(
        "password authentication failed|no password supplied|role .* does not exist"
        "|no pg_hba.conf entry",
        "the catalog's server refused the login: LAKE_CATALOG, LAKE_CATALOG_PASSWORD",
    ),
    Reason('database "([^"]+)" does not exist', "there is no database {0} for the catalog"),
    Reason(
        "Unable to connect to Postgres|server closed the connection|connection to server"
        "|terminating connection|no connection to the server"
        # What it says of a connection that is gone: nothing.
        '|Failed to execute query "[^"]*":\\s*$',
        "the catalog's server cannot be reached (LAKE_CATALOG)",
    ),
    Reason("permission denied|must be owner", "the catalog's login may not do that (LAKE_CATALOG)"),
    Reason("database is locked", "another process writes to the catalog: try again"),
    Reason("attempt to write a readonly database", "the catalog's file may not be written"),
    Reason(
        "file is not a database|disk image is malformed",
        "the catalog is damaged, or no catalog (LAKE_CATALOG): put its copy .before-maintain in its"
        " place, or move it away, and lake.py sync makes a new one",
        goes_on=False,
    ),
)
OF_FILES = (
    Reason("No space left on device|disk is full", "the disk is full"),
    Reason(
        '(?:Cannot open|Could not create|Failed to create)[^"]*"([^"]+)"[^\\n]*'
        "(?:Permission denied|Read-only)",
        "{0} may not be written",
    ),
    Reason('Cannot open file "([^"]+)": No such file', "a file of the lake is gone: {0}"),
)


def why_failed(error: BaseException, settings: LakeSettings) -> str:
    """Return why DuckDB failed, in one sentence."""
    text = without_secrets(str(error), settings.secrets)
    reasons = [*(OF_BUCKET if "http" in text.lower() or "s3:" in text else ())]
    for reason in (*OF_MEMORY, *OF_CATALOG, *reasons, *OF_FILES):
        if match := re.search(reason.pattern, text, re.I):
            sentence = reason.sentence.format(*match.groups())
            return f"{sentence}; {GOES_ON}" if reason.goes_on else sentence
    return f"the lake failed: {text[:MANY]}"


def without_secrets(text: str, secrets: Sequence[str]) -> str:
    """Return a text with no secret in it: errors repeat statements."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text
