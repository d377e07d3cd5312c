"""Read what the operator chose: flags win over environment, environment over `.env`.

Everything is checked before anything starts, and no message repeats a value that may be secret.
"""

import io
import os
import re
from collections.abc import Iterable, Mapping
from datetime import time
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dotenv.parser import parse_stream

from config import github, groups, values
from config.groups import Group
from config.sources import Setting, SourceForm, SourceSettings, read_patterns


class BadSetting(ValueError):
    """A setting that stops the start; the text names it and says why."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.name = name


class Settings(NamedTuple):
    """Every setting, checked; docs and defaults are in `SETTINGS`."""

    database_url: str
    database_password: str | None
    database_password_command: str | None
    database_ssl: bool
    database_ssl_ca: str | None
    database_read_url: str
    database_migrate_url: str
    webhook_secret: tuple[bytes, ...]
    sources: Mapping[str, SourceSettings]
    """The vendors' own, by the first word of their providers."""
    vendor: str
    """The one of `repos`, a key of `sources`."""
    repos: tuple[str, ...]
    host: str
    port: int
    spool_dir: Path
    on_database_down: str
    delivery_retention_days: int
    reconcile: bool
    reconcile_share: int
    dashboard_host: str
    dashboard_port: int
    dashboard_password: str | None
    dashboard_proxies: tuple[IPv4Network | IPv6Network, ...]
    dashboard_login_header: str
    acknowledge_token: str | None
    night_zone: ZoneInfo
    night_ends: time
    groups: tuple[Group, ...]

    def __repr__(self) -> str:
        """Leave out what must not reach a log."""
        shown = (f"{name}={getattr(self, name)!r}" for name in self._fields if name not in HIDDEN)
        return f"Settings({', '.join(shown)})"

    @property
    def source(self) -> SourceSettings:
        """How the vendor is reached whose repositories are named."""
        return self.sources[self.vendor]


FORMS: dict[str, SourceForm] = {
    "github": github.FORM,
}
KEY_SETTING, _ = next(iter(FORMS.values())).settings["token"]
"""What `-k` gives."""

PORT = values.number_up_to(65_535)

SETTINGS = {
    "DATABASE_URL": Setting("sqlite:///data/shark_dashboard.db", values.database_url),
    "DATABASE_PASSWORD": Setting(None, values.secret_text),
    "DATABASE_PASSWORD_COMMAND": Setting(None, values.command),
    "DATABASE_SSL": Setting("on", values.switch),
    "DATABASE_SSL_CA": Setting(None, values.existing_file),
    "DATABASE_READ_URL": Setting(None, values.database_url),
    "DATABASE_MIGRATE_URL": Setting(None, values.database_url),
    "WEBHOOK_SECRET": Setting(None, values.webhook_secret),
    **{name: setting for form in FORMS.values() for name, setting in form.settings.values()},
    "REPOS": Setting(None, values.repos),
    "HOST": Setting("0.0.0.0", values.host),  # noqa: S104 - GitHub reaches it from outside
    "PORT": Setting("5000", PORT),
    "SPOOL_DIR": Setting("data/spool", Path),
    "ON_DATABASE_DOWN": Setting("spool", values.one_of("spool", "503")),
    "DELIVERY_RETENTION_DAYS": Setting("30", values.number_up_to(36_500)),
    "RECONCILE": Setting("on", values.switch),
    "RECONCILE_SHARE": Setting("50", values.number_up_to(100)),
    "DASHBOARD_HOST": Setting("127.0.0.1", values.host),
    "DASHBOARD_PORT": Setting("5001", PORT),
    "DASHBOARD_PASSWORD": Setting(None, values.page_password),
    "DASHBOARD_PROXIES": Setting("", values.networks),
    "DASHBOARD_LOGIN_HEADER": Setting("X-Forwarded-User", values.header_name),
    "ACKNOWLEDGE_TOKEN": Setting(None, values.page_password),
    "NIGHT_ZONE": Setting("UTC", values.zone),
    "NIGHT_ENDS": Setting("12:00", values.time_of_day),
    "GROUPS": Setting("", groups.read_groups),
}

HIDDEN = frozenset(
    """
    database_url database_password database_password_command database_read_url
    database_migrate_url webhook_secret sources dashboard_password
    acknowledge_token
    """.split()
)

COMMON = [name for name in Settings._fields if name not in ("sources", "vendor")]

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

# A text of several lines, which GROUPS_FILE holds.
LINES = frozenset({"GROUPS"})

# An empty WEBHOOK_SECRET is a mistake (a variable that was never filled), not a wish for none.
NEVER_EMPTY = frozenset({"WEBHOOK_SECRET"})


def read(
    flags: Mapping[str, object], environ: Mapping[str, str] = os.environ, folder: Path | None = None
) -> Settings:
    """Return the settings of `flags` (Settings' names), `environ` and `folder`'s `.env`.

    The flag `key` is the vendor's token. One that is None was not given; a list is joined by
    commas. Relative paths of `X_FILE` are relative to `folder`, by default the current one.
    Raises BadSetting.
    """
    folder = folder or Path.cwd()
    given = texts_of(flags)
    layers = (environ, read_dotenv(folder / ".env"))
    texts = {
        name: given[name] if name in given else find_text(name, layers, folder) for name in SETTINGS
    }
    checked = {name: check_value(name, text) for name, text in texts.items()}
    for name in ("DATABASE_READ_URL", "DATABASE_MIGRATE_URL"):
        checked[name] = checked[name] or checked["DATABASE_URL"]
    checked["WEBHOOK_SECRET"] = checked["WEBHOOK_SECRET"] or ()
    sources = {name: form.filled(checked) for name, form in FORMS.items()}
    try:
        checked["REPOS"], vendor = read_patterns(checked["REPOS"] or (), FORMS, sources)
    except ValueError as error:
        raise BadSetting("REPOS", str(error)) from error
    fields = {name.lower(): value for name, value in checked.items()}
    return Settings(sources=sources, vendor=vendor, **{name: fields[name] for name in COMMON})


def texts_of(flags: Mapping[str, object]) -> dict[str, str]:
    """Return the flags that were given as the environment would hold them."""
    return {
        KEY_SETTING if name == "key" else name.upper(): (
            ",".join(value) if isinstance(value, list) else str(value)
        )
        for name, value in flags.items()
        if value is not None
    }


def read_dotenv(path: Path) -> dict[str, str]:
    """Return the variables of a `.env` file, which need not exist. Raises BadSetting.

    `$NAME` stays as it is written: passwords hold dollar signs.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(path.name, f"cannot be read ({reason_of(error)})") from error
    variables: dict[str, str] = {}
    for line in parse_stream(io.StringIO(text)):
        if line.error or (line.key is not None and line.value is None):
            raise BadSetting(path.name, f"line {line.original.line} is not NAME=value")
        if line.key is not None and line.value is not None:
            variables[line.key] = line.value
    return variables


def find_text(name: str, layers: Iterable[Mapping[str, str]], folder: Path) -> str | None:
    """Return the text of the first layer that has `name` or `name_FILE`, or None."""
    for layer in layers:
        text, file = layer.get(name), layer.get(f"{name}_FILE")
        if text and file:
            raise BadSetting(name, f"is given, and {name}_FILE too: keep one")
        if file:
            return read_file(name, folder / file)
        if text or (text is not None and name in NEVER_EMPTY):
            return text
    return None


def read_file(name: str, path: Path) -> str:
    """Return what a file holds, without the newline at its end. Raises BadSetting."""
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{name}_FILE", f"{path} cannot be read ({reason_of(error)})") from error


def reason_of(error: OSError | UnicodeDecodeError) -> str:
    """Return the reason alone, without a path or a byte of the file."""
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8 text"
    return error.strerror or type(error).__name__


def check_value(name: str, text: str | None) -> Any:
    """Return the checked value of a text, or of the setting's default. Raises BadSetting."""
    setting = SETTINGS[name]
    text = setting.default if text is None else text
    if text is None:
        return None
    if name not in LINES and CONTROL.search(text):
        raise BadSetting(name, "holds a control character")
    try:
        return setting.value(text)
    except ValueError as error:
        raise BadSetting(name, str(error)) from error


def secrets_of(settings: Settings) -> tuple[str, ...]:
    """Return every text of the settings that must not be printed, logged or kept in argv."""
    urls = (settings.database_url, settings.database_read_url, settings.database_migrate_url)
    secrets = [settings.database_password, *map(values.url_password, urls)]
    secrets += [source.token for source in settings.sources.values()]
    secrets += [settings.dashboard_password, settings.acknowledge_token]
    secrets += [secret.decode() for secret in settings.webhook_secret]
    return tuple(sorted({text for text in secrets if text}, key=len, reverse=True))
