"""One failure has one fingerprint, one problem in many tests another one, of one revision."""

import pytest

from rows.fingerprint import Fingerprints, fingerprint, fingerprints_of
from tests.rows.labelled import measure_fit, read_labelled


def test_fingerprint_names_its_revision_and_never_changes():
    # printf '%s' 'got <n>, want <n>' | sha256sum | cut -c1-32
    assert fingerprint("got <n>, want <n>") == "3:321e7c9c8931484778885b53fce5abcc"
    assert fingerprints_of("got 3, want 4") == Fingerprints(
        "got <n>, want <n>",
        "3:321e7c9c8931484778885b53fce5abcc",
        "3:321e7c9c8931484778885b53fce5abcc",
    )


@pytest.mark.parametrize("kind", ["fingerprint", "problem"])
def test_messages_of_two_issues_are_kept_apart(kind: str):
    labelled = read_labelled()
    groups = [getattr(fingerprints_of(one.message), kind) for one in labelled]
    fit = measure_fit([one.issue for one in labelled], groups)
    assert fit.purity >= 0.99
    assert fit.precision >= 0.975


def test_messages_of_one_issue_are_put_together():
    labelled = read_labelled()
    groups = [fingerprints_of(one.message).problem for one in labelled]
    assert measure_fit([one.issue for one in labelled], groups).recall >= 0.92


def test_fit_of_groups_is_counted_by_message_and_by_pair():
    # Of four pairs in one group two are of one issue; of three pairs of one issue two are found.
    fit = measure_fit(["a", "a", "b", "b", "c", "c"], ["1", "1", "1", "2", "3", "3"])
    assert fit == (5 / 6, 2 / 4, 2 / 3)
