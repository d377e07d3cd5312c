"""Pure: whether a version came before its release, by what its registry calls such versions."""

import re

# https://semver.org/#spec-item-9 and https://peps.python.org/pep-0440/#pre-releases
BEFORE_RELEASE = {
    **dict.fromkeys(("npm", "crates"), re.compile(r"\d+\.\d+\.\d+-")),
    "pypi": re.compile(r"\d[-_.]?(?:a|b|c|rc|alpha|beta|pre|preview|dev)[-_.]?\d*(?:\W|$)", re.I),
}
"""What versions of registries hold that are no releases yet."""


def is_early(manager: str, version: str) -> bool:
    """Tell whether a version came before its release; other registries have no word for that."""
    pattern = BEFORE_RELEASE.get(manager)
    return pattern is not None and pattern.search(version) is not None
