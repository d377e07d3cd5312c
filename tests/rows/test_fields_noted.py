"""Fields that cannot be read are noted: once, and for whoever asks last."""

from rows import fields


def test_field_is_noted_once_and_not_without_end():
    with fields.Noting() as notes:
        for number in range(30):
            for _ in range(2):
                fields.text({str(number): number}, str(number), "at")
    assert len(notes) == len(set(notes)) == fields.MOST_NOTES


def test_note_goes_to_the_innermost_list():
    with fields.Noting() as outer:
        with fields.Noting() as inner:
            fields.text({"key": 7}, "key", "at")
        assert len(inner) == 1
    assert outer == []
