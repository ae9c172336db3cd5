"""What a bank's evaluation tells of each kind of sound."""

from avsseg.evaluation.by_kind import by_kind


def row(category, heard, miou, area):
    return {"category": category, "heard": heard, "miou": miou, "area": area}


def test_each_kind_has_its_own_means():
    """Of scenes with one sound in view and of absent ones; others have no part in it."""
    found = by_kind(
        [
            row("one", "dog", 0.5, 0.1),
            row("two", "dog", 0.7, 0.1),
            row("two_of_three", "dog", 0.0, 0.9),
            row("absent", "dog", None, 0.2),
            row("absent", "dog", None, 0.0),
            row("silence", "dog", None, 0.9),
        ]
    )

    assert found == {"dog": {"questions": 2, "miou": 0.6, "absent": 2, "absent_area": 0.1}}


def test_the_worst_comes_first_and_what_was_never_in_view_last():
    """A kind that only absent scenes have has no mIoU."""
    found = by_kind(
        [
            row("one", "cat", 0.9, 0.1),
            row("one", "car", 0.2, 0.1),
            row("absent", "bird", None, 0.3),
        ]
    )

    assert list(found) == ["car", "cat", "bird"]
    assert found["bird"]["miou"] is None
    assert found["bird"]["absent_area"] == 0.3
    assert found["cat"]["absent_area"] is None
