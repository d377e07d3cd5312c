"""Read what the operator chose: flags win over environment, environment over `.env`.

Everything is checked before anything starts, and no message repeats a value that may be secret.
"""

import os
import re
from collections.abc import Mapping
from datetime import time
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from config import alert_settings, github, gitlab, groups, prices, values
from config.alert_settings import AlertSettings
from config.groups import Group
from config.layers import BadSetting as BadSetting
from config.layers import find_text, read_dotenv
from config.prices import Prices
from config.sources import Patterns, Setting, SourceForm, SourceSettings, read_patterns


class Settings(NamedTuple):
    """Every setting, checked; docs and defaults are in `SETTINGS`."""

    database_url: str
    database_password: str | None
    database_password_command: str | None
    database_ssl: bool
    database_ssl_ca: str | None
    database_read_url: str
    database_migrate_url: str
    copy_password: str | None
    copy_password_command: str | None
    webhook_secret: tuple[bytes, ...]
    sources: Mapping[str, SourceSettings]
    """The vendors' own, by the first word of their providers."""
    vendor: str
    """The one of `repos`, or the first of several, a key of `sources`."""
    repos: tuple[str, ...]
    """As `-r` names them; those of other vendors than the usual one begin with `VENDOR:`."""
    host: str
    port: int
    spool_dir: Path
    on_database_down: str
    delivery_retention_days: int
    reconcile: bool
    reconcile_share: int
    dashboard_host: str
    dashboard_port: int
    dashboard_url: str | None
    dashboard_password: str | None
    dashboard_proxies: tuple[IPv4Network | IPv6Network, ...]
    dashboard_login_header: str
    acknowledge_token: str | None
    night_zone: ZoneInfo
    night_ends: time
    groups: tuple[Group, ...]
    feeds: bool
    feeds_dir: Path
    prices: Prices
    alerts: AlertSettings

    def __repr__(self) -> str:
        """Leave out what must not reach a log."""
        shown = (f"{name}={getattr(self, name)!r}" for name in self._fields if name not in HIDDEN)
        return f"Settings({', '.join(shown)})"

    @property
    def source(self) -> SourceSettings:
        """How the vendor is reached whose repositories are named."""
        return self.sources[self.vendor]

    @property
    def vendors(self) -> tuple[str, ...]:
        """The vendors whose repositories are named; where none are, those that a key is of."""
        named = dict.fromkeys(vendor for vendor, _ in map(split_name, self.repos))
        keyed = [vendor for vendor, source in self.sources.items() if source.token]
        return tuple(named or keyed) or (self.vendor,)

    def parts(self) -> tuple["Settings", ...]:
        """Return the settings for each vendor alone, with its names as it has them."""
        named = [split_name(pattern) for pattern in self.repos]
        return tuple(
            self._replace(vendor=vendor, repos=tuple(name for of, name in named if of == vendor))
            for vendor in self.vendors
        )


FORMS: dict[str, SourceForm] = {
    "github": github.FORM,
    "gitlab": gitlab.FORM,
}

USUAL = next(iter(FORMS))
"""The vendor of a name that says none."""


def split_name(pattern: str) -> tuple[str, str]:
    """Return the vendor of a name of `Settings.repos`, and the name as the vendor has it."""
    vendor, colon, name = pattern.partition(":")
    return (vendor, name) if colon else (USUAL, pattern)


def key_setting(vendor: str) -> str:
    """Return the setting that `-k` stands for."""
    return FORMS[vendor].settings["token"][0]


PORT = values.number_up_to(65_535)

SETTINGS = {
    "DATABASE_URL": Setting("sqlite:///data/shark_dashboard.db", values.database_url),
    "DATABASE_PASSWORD": Setting(None, values.secret_text),
    "DATABASE_PASSWORD_COMMAND": Setting(None, values.command),
    "DATABASE_SSL": Setting("on", values.switch),
    "DATABASE_SSL_CA": Setting(None, values.existing_file),
    "DATABASE_READ_URL": Setting(None, values.database_url),
    "DATABASE_MIGRATE_URL": Setting(None, values.database_url),
    "COPY_PASSWORD": Setting(None, values.secret_text),
    "COPY_PASSWORD_COMMAND": Setting(None, values.command),
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
    "DASHBOARD_URL": Setting(None, values.page_address),
    "DASHBOARD_PASSWORD": Setting(None, values.page_password),
    "DASHBOARD_PROXIES": Setting("", values.networks),
    "DASHBOARD_LOGIN_HEADER": Setting("X-Forwarded-User", values.header_name),
    "ACKNOWLEDGE_TOKEN": Setting(None, values.page_password),
    "NIGHT_ZONE": Setting("UTC", values.zone),
    "NIGHT_ENDS": Setting("12:00", values.time_of_day),
    "GROUPS": Setting("", groups.read_groups),
    "FEEDS": Setting("off", values.switch),
    "FEEDS_DIR": Setting("feeds", Path),
    "PRICES": Setting("", prices.read_prices),
    **alert_settings.SETTINGS,
}

HIDDEN = frozenset(
    """
    database_url database_password database_password_command database_read_url
    database_migrate_url copy_password copy_password_command webhook_secret sources
    dashboard_password acknowledge_token alerts
    """.split()
)

COMMON = [name for name in Settings._fields if name not in ("sources", "vendor", "alerts")]

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

# Texts of several lines, which GROUPS_FILE and PRICES_FILE hold.
LINES = frozenset({"GROUPS", "PRICES"})


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
    patterns = patterns_of(checked)
    checked["REPOS"], vendors = patterns.names, tuple(patterns.by_vendor) or (USUAL,)
    sources = dict(patterns.sources)
    if (key := flags.get("key")) is not None:
        if len(vendors) > 1:
            names = " and ".join(map(key_setting, vendors))
            raise BadSetting("-k", f"is the key of one server, -r names several: use {names}")
        token = check_value(key_setting(vendors[0]), str(key))
        sources[vendors[0]] = sources[vendors[0]]._replace(token=token)
    if any(set(source.secrets) & set(checked["WEBHOOK_SECRET"]) for source in sources.values()):
        why = "is another vendor's secret, too: each needs one of its own"
        raise BadSetting("WEBHOOK_SECRET", why)
    fields = {name.lower(): value for name, value in checked.items()}
    common = {name: fields[name] for name in COMMON}
    return Settings(
        sources=sources, vendor=vendors[0], alerts=alert_settings.filled(checked), **common
    )


def patterns_of(checked: Mapping[str, Any]) -> Patterns:
    """Return what REPOS names, and the vendors' settings for that. Raises BadSetting."""
    sources = {name: form.filled(checked) for name, form in FORMS.items()}
    try:
        return read_patterns(checked["REPOS"] or (), FORMS, sources)
    except ValueError as error:
        raise BadSetting("REPOS", str(error)) from error


def texts_of(flags: Mapping[str, object], vendor: str | None = None) -> dict[str, str]:
    """Return the flags that were given as the environment would hold them.

    `vendor` is the one that the key is of; without it the key is left out.
    """
    return {
        key_setting(vendor) if vendor and name == "key" else name.upper(): (
            ",".join(value) if isinstance(value, list) else str(value)
        )
        for name, value in flags.items()
        if value is not None
    }


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
    secrets = [settings.database_password, settings.copy_password, *map(values.url_password, urls)]
    secrets += [source.token for source in settings.sources.values()]
    secrets += [settings.dashboard_password, settings.acknowledge_token, *settings.alerts.secrets]
    keys = (settings.webhook_secret, *(source.secrets for source in settings.sources.values()))
    secrets += [secret.decode() for each in keys for secret in each]
    return tuple(sorted({text for text in secrets if text}, key=len, reverse=True))
