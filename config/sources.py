"""The vendors' own settings, and what `-r` means to them: a name, or the address of its page."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Setting(NamedTuple):
    """How a setting is read: its default as text, and the reader that checks it."""

    default: str | None
    value: Callable[[str], Any]


class SourceSettings(NamedTuple):
    """How a vendor's server is reached, and the keys to it."""

    url: str
    token: str | None = None
    app_id: str | None = None
    app_pem: str | None = None

    @property
    def host(self) -> str:
        """The host of its pages, which its API's address tells."""
        return (urlsplit(self.url).hostname or "").removeprefix("api.")


class SourceForm(NamedTuple):
    """What a vendor's settings are called, by the fields of SourceSettings, and its names' form."""

    settings: Mapping[str, tuple[str, Setting]]
    pattern: re.Pattern[str]
    examples: str

    def filled(self, checked: Mapping[str, Any]) -> SourceSettings:
        """Return the vendor's settings out of all that were checked."""
        return SourceSettings(
            **{field: checked[name] for field, (name, _) in self.settings.items()}
        )


def read_patterns(
    texts: Iterable[str], forms: Mapping[str, SourceForm], sources: Mapping[str, SourceSettings]
) -> tuple[tuple[str, ...], str]:
    """Return what `-r` names, and the one vendor that all of it is of. Raises ValueError.

    What may be of several is of the first that all others may be of.
    """
    names, shared = list[str](), list(forms)
    for text in texts:
        name, meant = read_pattern(text, forms, sources)
        if not set(meant) & set(shared):
            before = " and ".join(sources[source].host for source in shared)
            raise ValueError(
                f"{name!r} is of {sources[meant[0]].host}, those before it are of {before}: "
                "name repositories of one server at a time"
            )
        shared = [source for source in shared if source in meant]
        names.append(name)
    return tuple(names), shared[0]


def read_pattern(
    text: str, forms: Mapping[str, SourceForm], sources: Mapping[str, SourceSettings]
) -> tuple[str, list[str]]:
    """Return a name, of a page's address for instance, and the vendors that it may be of."""
    name, meant = text, list(forms)
    if "://" in text:
        url = urlsplit(text)
        if url.scheme not in ("http", "https"):
            raise ValueError(f"{url.scheme}:// begins no page's address: https:// does")
        host = (url.hostname or "").removeprefix("www.")
        meant = [source for source in forms if sources[source].host == host]
        if not meant:
            known = ", ".join(sources[source].host for source in forms)
            addresses = ", ".join(forms[source].settings["url"][0] for source in forms)
            raise ValueError(f"{host or 'that'} is no server of {addresses}: known is {known}")
        name = url.path.strip("/").removesuffix(".git")
    fitting = [source for source in meant if forms[source].pattern.fullmatch(name)]
    if not fitting:
        examples = " or ".join(forms[source].examples for source in meant)
        raise ValueError(f"{name!r} is not {examples}")
    return name, fitting
