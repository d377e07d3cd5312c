"""All settings at once: the documented defaults, and every one given."""

from datetime import date, time
from ipaddress import ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

from config.alert_settings import AlertSettings, MailServer, QuietHours
from config.groups import Group
from config.prices import Prices, read_prices
from config.settings import Settings, read
from config.sources import SourceSettings


def test_settings_of_nothing_are_the_documented_defaults(tmp_path: Path):
    assert read({}, {}, tmp_path) == Settings(
        database_url="sqlite:///data/shark_dashboard.db",
        database_password=None,
        database_password_command=None,
        database_ssl=True,
        database_ssl_ca=None,
        database_read_url="sqlite:///data/shark_dashboard.db",
        database_migrate_url="sqlite:///data/shark_dashboard.db",
        copy_password=None,
        copy_password_command=None,
        webhook_secret=(),
        sources={
            "github": SourceSettings("https://api.github.com"),
            "gitlab": SourceSettings("https://gitlab.com"),
        },
        vendor="github",
        repos=(),
        host="0.0.0.0",  # noqa: S104 - the documented default
        port=5000,
        spool_dir=Path("data/spool"),
        on_database_down="spool",
        delivery_retention_days=30,
        reconcile=True,
        reconcile_share=50,
        dashboard_host="127.0.0.1",
        dashboard_port=5001,
        dashboard_password=None,
        dashboard_proxies=(),
        dashboard_login_header="X-Forwarded-User",
        dashboard_url=None,
        acknowledge_token=None,
        night_zone=ZoneInfo("UTC"),
        night_ends=time(12),
        groups=(),
        feeds=False,
        feeds_dir=Path("feeds"),
        prices=read_prices(""),
        alerts=AlertSettings({}, (), None, None, None),
    )


def test_settings_of_everything_are_read_and_typed(tmp_path: Path):
    (tmp_path / "ca.pem").touch()
    (tmp_path / "slack").write_text("https://hooks.example.org/services/T0/B0/xyz\n")
    (tmp_path / "prices.toml").write_text("date = 2026-01-31\ncurrency = 'EUR'")
    (tmp_path / "groups.toml").write_text(
        '[prod]\nrepos = ["org/api", "org/web-*"]\nworkflows = ["Nightly"]\nactors = ["bot"]\n'
    )
    found = read(
        {"port": "6000", "repos": ["a/b,c", "d/*"], "key": "ghp_x", "host": None},
        {
            "DATABASE_URL": "mysql+pymysql://u@db.example.org:3307/runs",
            "DATABASE_PASSWORD": "p$w {x}",
            "DATABASE_PASSWORD_COMMAND": "sh -c 'echo token'",
            "DATABASE_SSL": "OFF",
            "DATABASE_SSL_CA": str(tmp_path / "ca.pem"),
            "DATABASE_READ_URL": "mysql+pymysql://reader@db.example.org/runs",
            "WEBHOOK_SECRET": "the new one is long, the old one is né",
            "GITHUB_API_URL": "https://ghes.example.org/api/v3/",
            "GITHUB_APP_ID": "Iv23liSomeClientId",
            "GITHUB_APP_PEM": str(tmp_path / "ca.pem"),
            "HOST": "::1",
            "SPOOL_DIR": "/var/spool/runledger",
            "ON_DATABASE_DOWN": "503",
            "DELIVERY_RETENTION_DAYS": "7",
            "RECONCILE": "off",
            "RECONCILE_SHARE": "20",
            "DASHBOARD_HOST": "0.0.0.0",  # noqa: S104 - as in a container
            "DASHBOARD_PORT": "8080",
            "DASHBOARD_PASSWORD": "correct horse",
            "NIGHT_ZONE": "Asia/Kathmandu",
            "NIGHT_ENDS": "07:30",
            "DASHBOARD_PROXIES": "10.1.2.3, fd00::/8",
            "DASHBOARD_LOGIN_HEADER": "X-User",
            "ACKNOWLEDGE_TOKEN": "look after it",
            "DASHBOARD_URL": "https://ci.example.org/runs/",
            "GROUPS_FILE": "groups.toml",
            "FEEDS": "on",
            "FEEDS_DIR": "/srv/feeds",
            "PRICES_FILE": "prices.toml",
            "ALERT_SLACK_URL_FILE": "slack",
            "ALERT_MAIL_TO": "team@example.org, ops@example.org",
            "ALERT_MAIL_FROM": "ci@example.org",
            "ALERT_SMTP_URL": "smtps://us%20er:p%40ss@mail.example.org",
            "ALERT_QUIET_HOURS": "22:00-06:30",
        },
        tmp_path,
    )
    assert found == Settings(
        database_url="mysql+pymysql://u@db.example.org:3307/runs",
        database_password="p$w {x}",
        database_password_command="sh -c 'echo token'",
        database_ssl=False,
        database_ssl_ca=str(tmp_path / "ca.pem"),
        database_read_url="mysql+pymysql://reader@db.example.org/runs",
        database_migrate_url="mysql+pymysql://u@db.example.org:3307/runs",
        copy_password=None,
        copy_password_command=None,
        webhook_secret=(b"the new one is long", b"the old one is n\xc3\xa9"),
        sources={
            "github": SourceSettings(
                url="https://ghes.example.org/api/v3",
                token="ghp_x",
                app_id="Iv23liSomeClientId",
                app_pem=str(tmp_path / "ca.pem"),
            ),
            "gitlab": SourceSettings("https://gitlab.com"),
        },
        vendor="github",
        repos=("a/b", "c", "d/*"),
        host="::1",
        port=6000,
        spool_dir=Path("/var/spool/runledger"),
        on_database_down="503",
        delivery_retention_days=7,
        reconcile=False,
        reconcile_share=20,
        dashboard_host="0.0.0.0",  # noqa: S104 - as in a container
        dashboard_port=8080,
        dashboard_password="correct horse",
        dashboard_proxies=(ip_network("10.1.2.3/32"), ip_network("fd00::/8")),
        dashboard_login_header="X-User",
        dashboard_url="https://ci.example.org/runs",
        acknowledge_token="look after it",
        night_zone=ZoneInfo("Asia/Kathmandu"),
        night_ends=time(7, 30),
        feeds=True,
        feeds_dir=Path("/srv/feeds"),
        groups=(Group("prod", ("org/api", "org/web-*"), ("Nightly",), ("bot",)),),
        prices=Prices(date(2026, 1, 31), "EUR", (), is_own=True),
        alerts=AlertSettings(
            {"slack": "https://hooks.example.org/services/T0/B0/xyz"},
            ("team@example.org", "ops@example.org"),
            "ci@example.org",
            MailServer("mail.example.org", 465, True, "us er", "p@ss"),
            QuietHours(time(22), time(6, 30)),
        ),
    )
