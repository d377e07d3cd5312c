"""Which versions came before a release, by their registry."""

import pytest

from store.packages.early_versions import is_early


@pytest.mark.parametrize(
    ("manager", "version", "wanted"),
    [
        ("npm", "15.0.0-canary.1", True),
        ("npm", "1.0.0+build-1", False),
        ("crates", "1.0.0-rc.1", True),
        ("pypi", "2.0rc1", True),
        ("pypi", "1.0.dev3", True),
        ("pypi", "2.0.post1", False),
        ("pypi", "1.0.0+cu118", False),
        ("debian", "1.2.3-1", False),
    ],
)
def test_versions_before_a_release_are_told_by_their_registry(
    manager: str, version: str, wanted: bool
):
    assert is_early(manager, version) is wanted
