"""The webhook secret: the operator's, or one of our own that is made at the first start."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from config.settings import FORMS, USUAL, BadSetting, Settings, check_value

MADE = Path("data/webhook_secret")
BYTES = 32


def load_all(settings: Settings) -> tuple[Mapping[str, tuple[bytes, ...]], Mapping[str, Path]]:
    """Return each vendor's secrets, and the files of those that are ours. Raises BadSetting.

    A vendor with a setting of its own gets one of ours where its repositories are named.
    """
    keys, files = dict[str, tuple[bytes, ...]](), dict[str, Path]()
    for vendor, source in settings.sources.items():
        made: Path | None = None
        if vendor == USUAL:
            keys[vendor], made = load_secrets(settings)
        elif source.secrets or vendor not in settings.vendors:
            keys[vendor] = source.secrets
        else:
            own = settings._replace(webhook_secret=())
            keys[vendor], made = load_secrets(own, file_of(vendor))
        if made is not None:
            files[vendor] = made
    return keys, files


def file_of(vendor: str) -> Path:
    """Return where a vendor's secret stands that is ours."""
    return MADE if vendor == USUAL else MADE.with_name(f"{vendor}_{MADE.name}")


def secret_setting(vendor: str) -> str:
    """Return the name of the setting that holds a vendor's webhook secret."""
    name, _ = FORMS[vendor].settings.get("secrets", ("WEBHOOK_SECRET", None))
    return name


def named_secrets(settings: Settings) -> tuple[bytes, ...]:
    """Return the secrets of the vendor whose repositories are named, never another's."""
    if "secrets" in FORMS[settings.vendor].settings:
        return settings.source.secrets
    return settings.webhook_secret


def load_secrets(settings: Settings, made: Path = MADE) -> tuple[tuple[bytes, ...], Path | None]:
    """Return the secrets, and the file they stand in when they are ours. Raises BadSetting."""
    if settings.webhook_secret:
        return settings.webhook_secret, None
    try:
        if not made.exists():
            make_secret(made)
        text = made.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = f"{made} can be neither read nor made ({type(error).__name__}): set WEBHOOK_SECRET"
        raise BadSetting("WEBHOOK_SECRET", why) from error
    keys: tuple[bytes, ...] = check_value("WEBHOOK_SECRET", text)
    return keys, made


def make_secret(path: Path) -> None:
    """Write a new secret that only this user can read.

    It gets its name when it is complete, and only if no other process was faster.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
