"""Settings of a dashboard, as its tests need them."""

from pathlib import Path

from config.settings import Settings, read

SSL = {"DATABASE_SSL": "off"}  # loopback needs none, and reading the system's roots takes time


def settings_for(url: str, folder: Path, **others: str) -> Settings:
    """Return the settings of a dashboard over a store."""
    return read(
        {}, {**SSL, "DATABASE_URL": url, "SPOOL_DIR": str(folder / "spool"), **others}, folder
    )
