"""The registry of vendors: what `rows` reads, `backfill` can ask for."""

from pathlib import Path

import pytest

from backfill.vendors import HOOK_KEEPERS, VENDORS, read_part, vendor_of
from config.settings import BadSetting, read
from rows.sources import SOURCES


def test_every_source_has_a_vendor_with_its_title():
    titles = {name: source.title for name, source in SOURCES.items()}
    assert {name: vendor.TITLE for name, vendor in HOOK_KEEPERS.items()} == titles


@pytest.mark.parametrize("provider", ["github", "github:ghes.example.org"])
def test_provider_names_its_vendor_whatever_the_host(provider: str):
    assert vendor_of(provider) is VENDORS["github"]


def test_what_only_tells_is_refused_where_something_is_read(tmp_path: Path):
    told = read({"repos": ["gitlab:group"]}, {}, tmp_path)
    with pytest.raises(BadSetting, match=r"^REPOS: what GitLab has comes by its webhooks"):
        read_part(told)
    both = read({"repos": ["gitlab:group", "org/repo"]}, {}, tmp_path)
    assert (read_part(both).vendor, read_part(both).repos) == ("github", ("org/repo",))
