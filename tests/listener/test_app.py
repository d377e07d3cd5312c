"""Which requests reach the listener, and what one gets that breaks."""

import pytest

from listener.asgi import AsgiApp
from listener.intake.intake import Intake
from tests.listener.asking import Public, run

pytestmark = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("method", "path", "code", "allowed"),
    [
        ("GET", "/healthz", 200, None),
        ("HEAD", "/readyz", 200, None),
        ("POST", "/healthz", 405, "GET, HEAD"),
        ("GET", "/webhook", 405, "POST"),
        ("GET", "/healthz/", 404, None),
    ],
)
def test_request_is_answered_by_its_path_and_method(
    public: Public, method: str, path: str, code: int, allowed: str | None
):
    told = public.ask(method, path)
    assert (told.status_code, told.headers.get("Allow")) == (code, allowed)


def test_mistake_of_ours_is_503_and_loud(
    public: Public, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr("listener.intake.readiness.can_store", None)
    assert public.get("/readyz").status_code == 503
    assert [(one.message, one.fields["path"]) for one in caplog.records] == [
        ("a request broke", "/readyz")
    ]


def test_what_is_no_request_is_left_alone(intake: Intake):
    run(AsgiApp(intake)({"type": "lifespan"}, None, None))
