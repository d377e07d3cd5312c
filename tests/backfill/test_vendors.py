"""The registry of vendors: what `rows` reads, `backfill` can ask for."""

import pytest

from backfill.vendors import HOOK_KEEPERS, VENDORS, vendor_of
from rows.sources import SOURCES


def test_every_source_has_a_vendor_with_its_title():
    titles = {name: source.title for name, source in SOURCES.items()}
    assert {name: vendor.TITLE for name, vendor in HOOK_KEEPERS.items()} == titles


@pytest.mark.parametrize("provider", ["github", "github:ghes.example.org"])
def test_provider_names_its_vendor_whatever_the_host(provider: str):
    assert vendor_of(provider) is VENDORS["github"]
