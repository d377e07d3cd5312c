"""The same claims, tried on sqlite3's own connection and on the connector's, on every engine."""

import importlib
import sqlite3
from contextlib import closing

import pytest

from tests.sqlauthenticator import claims
from tests.sqlauthenticator.conftest import Open, make_items

importlib.import_module("tests.sqlauthenticator.claims_of_errors")

every_claim = pytest.mark.parametrize(
    "claim", [pytest.param(claim, id=claim.__name__) for claim in claims.CLAIMS]
)


@every_claim
def test_sqlite3_itself_keeps_the_claim(claim: claims.Claim):
    with closing(sqlite3.connect(":memory:")) as connection:
        make_items(connection)
        claim(connection)


@every_claim
def test_connector_keeps_the_claim(claim: claims.Claim, open_connection: Open):
    claim(open_connection(write=True))
