"""The page of one error: what it leads to."""

import html
import re

from flask.testing import FlaskClient
from sqlalchemy import Engine, update

from schema.tables.failures import failures
from store.state.error_issues import ErrorIssue, SoughtError, store_issues
from store.state.older_fingerprints import renew_fingerprints
from tests.dashboard import stored
from tests.dashboard.conftest import NOW, text_of
from tests.dashboard.pages.test_errors import REFUSED, failed, on_sqlite, print_of
from tests.dashboard.pages.test_failures import told


@on_sqlite
def test_issues_that_carry_the_fingerprint_are_named(client: FlaskClient, engine: Engine):
    repoid = stored.repo(engine)
    failed(engine, repoid, REFUSED)
    url = "https://github.com/octo-org/app/issues/12"
    issue = ErrorIssue(12, "db-1 is <down>", "open", url)
    store_issues(engine, SoughtError(repoid, print_of(REFUSED)), [issue], NOW)
    page = text_of(client, f"/errors/{print_of(REFUSED)}")
    assert f'href="{url}"' in page
    assert "#12 db-1 is &lt;down&gt; open carries this fingerprint." in told(page)


@on_sqlite
def test_page_of_an_error_leads_to_those_with_its_words(client: FlaskClient, engine: Engine):
    message = f"  E   AssertionError: {'very long ' * 30}\nand a second line"
    failed(engine, stored.repo(engine), message)
    page = text_of(client, f"/errors/{print_of(message)}")
    link = re.search(r'href="(/errors\?q=[^"]+)"', page)[1]
    assert print_of(message) in text_of(client, html.unescape(link))


@on_sqlite
def test_address_with_a_former_fingerprint_leads_to_the_error(client: FlaskClient, engine: Engine):
    failed(engine, stored.repo(engine), REFUSED)
    with engine.begin() as connection:
        connection.execute(update(failures).values(fingerprint="1:0f0f"))
    renew_fingerprints(engine, 60)
    answer = client.get("/errors/1:0f0f?days=90&similar=yes")
    assert answer.status_code == 301
    assert answer.location == f"/errors/{print_of(REFUSED)}?days=90&similar=yes"
    assert client.get("/errors/1:0f0e").status_code == 404
