"""What the headers alone decide."""

import pytest

from listener.vendors import read_head
from listener.vendors.github import GITHUB
from listener.vendors.head import Head, Refused

GOOD = {
    "Content-Length": "2",
    "Content-Type": "application/json",
    "X-GitHub-Event": "push",
    "X-GitHub-Delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    "X-GitHub-Hook-ID": "292430182",
    "X-Hub-Signature-256": "sha256=ab",
}
GUID = GOOD["X-GitHub-Delivery"]


def head(**changes: str | None) -> Head:
    changed = {**GOOD, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return read_head([(name, value) for name, value in changed.items() if value is not None])


def test_head_of_a_delivery_is_read_whole():
    assert head() == Head(GITHUB, "push", GUID, 292430182, "sha256=ab", 2)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded ;charset=UTF-8",
    ],
)
def test_head_with_a_variant_of_either_content_type_is_read(content_type: str):
    assert head(Content_Type=content_type).event == "push"


@pytest.mark.parametrize("hookid", [None, "", "x", "-1", "1.0", "9" * 19, "٣"])
def test_head_with_an_odd_hook_id_is_read_without_it(hookid: str | None):
    assert head(X_GitHub_Hook_ID=hookid).hookid is None


def test_head_without_signature_is_read_so_that_a_wrong_and_no_signature_look_alike():
    assert head(X_Hub_Signature_256=None).signature is None


def test_head_with_a_body_of_25_mib_is_read():
    assert head(Content_Length="26214400").length == 26_214_400


@pytest.mark.parametrize("coding", ["chunked", "Chunked", "chunked "])
def test_head_with_a_body_in_chunks_is_read_without_its_length(coding: str):
    assert head(Content_Length=None, Transfer_Encoding=coding).length is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"Content-Length": None}, 411),
        ({"Content-Length": ""}, 411),
        ({"Content-Length": "-1"}, 411),
        ({"Content-Length": "+2"}, 411),
        ({"Content-Length": "²"}, 411),
        ({"Transfer-Encoding": "chunked"}, 400),
        ({"Content-Length": None, "Transfer-Encoding": "gzip, chunked"}, 501),
        ({"Content-Length": None, "Transfer-Encoding": "chunked,chunked"}, 501),
        ({"Content-Length": None, "Transfer-Encoding": ""}, 501),
        ({"Content-Length": "26214401"}, 413),
        ({"Content-Length": "9" * 5000}, 413),
        ({"Content-Type": None}, 415),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content-Type": "application/jsonp"}, 415),
        ({"X-GitHub-Event": None}, 400),
        ({"X-GitHub-Event": ""}, 400),
        ({"X-GitHub-Event": "pu sh"}, 400),
        ({"X-GitHub-Event": "x" * 65}, 400),
        ({"X-GitHub-Delivery": None}, 400),
        ({"X-GitHub-Delivery": "é"}, 400),
        ({"X-GitHub-Delivery": "a\tb"}, 400),
        ({"X-GitHub-Delivery": "x" * 65}, 400),
    ],
)
def test_head_that_cannot_be_a_delivery_is_refused(changes: dict[str, str | None], code: int):
    with pytest.raises(Refused) as refused:
        head(**changes)
    assert refused.value.code == code


def test_head_with_several_faults_is_refused_for_the_first_in_the_fixed_order():
    faults: dict[str, tuple[str | None, int]] = {
        "Content-Length": ("26214401", 413),
        "Content-Type": ("text/plain", 415),
        "X-GitHub-Event": (None, 400),
    }
    changes = {name: value for name, (value, _) in faults.items()}
    seen = []
    for name, (_, code) in faults.items():
        with pytest.raises(Refused) as refused:
            head(**changes)
        seen.append((refused.value.code, code))
        del changes[name]
    assert seen == [(413, 413), (415, 415), (400, 400)]
