"""The vendors' own settings, and what `-r` means to them: a name, or the address of its page.

A name is of the first vendor; of another one it begins with that vendor's: `VENDOR:group/project`.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

CLONED = re.compile(r"git@([\w.-]+):(.+)")
"""What a repository is cloned from by SSH."""


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
    secrets: tuple[bytes, ...] = ()
    """What its webhooks prove themselves with, where it has a setting of its own for that."""

    @property
    def host(self) -> str:
        """The host of its pages, which its API's address tells."""
        return (urlsplit(self.url).hostname or "").removeprefix("api.")


def whole_path(path: str, server: str) -> str:
    """Return the repository or owner whose page is at a path."""
    return path.strip("/").removesuffix(".git")


class SourceForm(NamedTuple):
    """What a vendor's settings are called, by the fields of SourceSettings, and its names' form."""

    settings: Mapping[str, tuple[str, Setting]]
    pattern: re.Pattern[str]
    examples: str
    name_in: Callable[[str, str], str] = whole_path
    """What has its page at a path of a server."""
    is_anywhere: bool = False
    """Whether a host that nobody has named is one of its servers."""

    def filled(self, checked: Mapping[str, Any]) -> SourceSettings:
        """Return the vendor's settings out of all that were checked."""
        given = {field: checked[name] for field, (name, _) in self.settings.items()}
        return SourceSettings(**{name: one for name, one in given.items() if one is not None})


Forms = Mapping[str, SourceForm]
Sources = Mapping[str, SourceSettings]


class Patterns(NamedTuple):
    """What `-r` names, by vendor; `sources` as they are reached for it."""

    names: tuple[str, ...]
    """Together, each with its vendor before it, but for the first one's."""
    by_vendor: Mapping[str, tuple[str, ...]]
    sources: Sources


def read_patterns(texts: Iterable[str], forms: Forms, sources: Sources) -> Patterns:
    """Return what `-r` names. Raises ValueError."""
    usual, names, by_vendor = next(iter(forms)), list[str](), dict[str, tuple[str, ...]]()
    for text in texts:
        vendor, name, sources = read_pattern(text, forms, sources)
        if not forms[vendor].pattern.fullmatch(name):
            raise ValueError(f"{name!r} is not {forms[vendor].examples}{hint(name, vendor, forms)}")
        names.append(name if vendor == usual else f"{vendor}:{name}")
        by_vendor[vendor] = (*by_vendor.get(vendor, ()), name)
    return Patterns(tuple(names), by_vendor, sources)


def hint(name: str, vendor: str, forms: Forms) -> str:
    """Return how a name would be written that is another vendor's, if one has such names."""
    others = [one for one in forms if one != vendor and forms[one].pattern.fullmatch(name)]
    return f"; write {others[0]}:{name} for one of {others[0]}" if others else ""


def read_pattern(text: str, forms: Forms, sources: Sources) -> tuple[str, str, Sources]:
    """Return a vendor and a name, of a page's address for instance, and how that is reached."""
    if "://" not in text:
        text = with_scheme(text, {source.host for source in sources.values()})
    if "://" in text:
        return read_page(text, forms, sources)
    text = text.removesuffix(".git")  # as the address to clone from ends
    before, colon, name = text.partition(":")
    if colon and before.lower() in forms:
        return before.lower(), name, sources
    return next(iter(forms)), text, sources


def with_scheme(text: str, hosts: Collection[str]) -> str:
    """Return an address that lacks https://, or is git@HOST:PATH, whole; another text as it is."""
    if clone := CLONED.fullmatch(text):
        return f"https://{clone[1]}/{clone[2]}"
    host, slash, _ = text.partition("/")
    return f"https://{text}" if slash and host.lower().removeprefix("www.") in hosts else text


def read_page(text: str, forms: Forms, sources: Sources) -> tuple[str, str, Sources]:
    """Return whose page is at an address, what it is of, and how that is reached."""
    url = urlsplit(text)
    if url.scheme not in ("http", "https"):
        raise ValueError(f"{url.scheme}:// begins no page's address: https:// does")
    host = (url.hostname or "").removeprefix("www.")
    meant = [one for one in forms if sources[one].host == host]
    # Of two servers on one host the port tells.
    exact = [one for one in meant if urlsplit(sources[one].url).port == url.port]
    vendor = next(iter([*exact, *meant]), None)
    if vendor is None:
        vendor = next((one for one in forms if is_free(forms[one], sources[one])), None)
        if vendor is None or not host or host in map(public_host, forms.values()):
            known = ", ".join(sources[source].host for source in forms)
            addresses = ", ".join(forms[source].settings["url"][0] for source in forms)
            raise ValueError(f"{host or 'that'} is no server of {addresses}: known is {known}")
        server = forms[vendor].settings["url"][1].value(address_of(url))
        sources = {**sources, vendor: sources[vendor]._replace(url=server)}
    return vendor, forms[vendor].name_in(url.path, sources[vendor].url), sources


def is_free(form: SourceForm, source: SourceSettings) -> bool:
    """Tell whether a vendor's server may be anywhere, and no setting says where it is."""
    return form.is_anywhere and source.url == form.settings["url"][1].default


def public_host(form: SourceForm) -> str:
    """Return the host of a vendor's public server."""
    return SourceSettings(form.settings["url"][1].default or "").host


def address_of(url: SplitResult) -> str:
    """Return the address of a page's server, without a password."""
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}"
