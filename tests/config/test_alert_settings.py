"""Who is told of red default branches: what is taken, refused, and kept secret."""

from datetime import time
from pathlib import Path

import pytest

from config.alert_settings import QuietHours
from config.settings import BadSetting, read, secrets_of

MAIL = {"ALERT_MAIL_TO": "a@example.org"}


@pytest.mark.parametrize(
    ("text", "moment", "is_quiet"),
    [
        ((22, 7), 23, True),
        ((22, 7), 6, True),
        ((22, 7), 7, False),
        ((22, 7), 12, False),
        ((1, 5), 1, True),
        ((1, 5), 5, False),
        ((1, 5), 0, False),
    ],
)
def test_quiet_hours_may_pass_midnight(text: tuple[int, int], moment: int, is_quiet: bool):
    assert QuietHours(time(text[0]), time(text[1])).has(time(moment)) is is_quiet


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({"ALERT_SLACK_URL": "http://hooks.example.org/hunter22"}, "is no https address"),
        ({"ALERT_TEAMS_URL": "https:///hunter22"}, "is no https address"),
        ({"ALERT_DISCORD_URL": "https://u:hunter22@example.org/"}, "is no https address"),
        ({"ALERT_WEBHOOK_URL": "file:///etc/hunter22"}, "is no https address"),
        ({"ALERT_QUIET_HOURS": "22-7"}, "'22' is not a time like 12:00"),
        ({"ALERT_QUIET_HOURS": "07:00-07:00"}, "'07:00-07:00' is all day"),
        ({"ALERT_MAIL_TO": "nobody"}, "is no list of addresses like team@example.org"),
        ({**MAIL}, "is needed to send mail to ALERT_MAIL_TO"),
        ({**MAIL, "ALERT_SMTP_URL": "https://hunter22"}, "is no address like smtp://user"),
    ],
)
def test_bad_setting_is_refused_without_what_may_be_secret(
    tmp_path: Path, environ: dict[str, str], why: str
):
    with pytest.raises(BadSetting, match=why) as refused:
        read({}, environ, tmp_path)
    assert "hunter22" not in str(refused.value)


def test_addresses_and_the_password_of_mail_are_secret(tmp_path: Path):
    environ = {
        "ALERT_SLACK_URL": "https://hooks.example.org/hunter22",
        "ALERT_SMTP_URL": "smtp://user:hunter33@mail.example.org",
        **MAIL,
    }
    settings = read({}, environ, tmp_path)
    assert "hunter" not in repr(settings)
    assert {"https://hooks.example.org/hunter22", "hunter33"} <= set(secrets_of(settings))
