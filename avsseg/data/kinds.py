"""What is known of kinds of sources: which sound alike, which look alike, which are common."""

from collections.abc import Mapping

CONFUSABLE: tuple[frozenset[str], ...] = (
    frozenset({"car", "truck_bus", "motorcycle", "train", "helicopter"}),
    frozenset({"guitar", "banjo", "harp", "sitar"}),
    frozenset({"clarinet", "saxophone", "flute", "bagpipes"}),
    frozenset({"accordion", "harmonica", "bagpipes"}),
    frozenset({"trumpet", "trombone", "tuba", "saxophone"}),
    frozenset({"rooster", "bird", "hen"}),
    frozenset({"sheep", "cow", "goat"}),
)
"""Kinds that a listener may take for one another; they do not compete within a scene."""

FAMILIES: tuple[frozenset[str], ...] = (
    frozenset({"bird", "cat", "cow", "dog", "horse", "rooster", "sheep"}),
    frozenset({"car", "helicopter", "motorcycle", "train", "truck_bus"}),
    frozenset({"clock", "keyboard"}),
    frozenset(
        {"accordion", "bagpipes", "banjo", "clarinet", "drums", "flute", "guitar", "harmonica"}
        | {"harp", "piano", "saxophone", "sitar", "trombone", "trumpet", "tuba", "violin"}
        | {"xylophone"}
    ),
)
"""Kinds of picture that resemble each other; a hard negative is a sound of the same family."""

INSTRUMENTS = FAMILIES[-1]

IMPORTANCE: Mapping[str, float] = {
    "person": 3.0,
    "car": 2.0,
    "dog": 1.5,
    "cat": 1.5,
    "bird": 1.5,
}
"""How much more often than its count suggests a kind is drawn; 1 where absent."""

SUB_IMPORTANCE: Mapping[str, float] = {"speech": 2.0}
"""The same for sub-kinds of sounds."""


def confusable(one: str, other: str) -> bool:
    """Tell whether two different kinds may be taken for one another by ear."""
    return one != other and any(one in group and other in group for group in CONFUSABLE)


def same_family(one: str, other: str) -> bool:
    """Tell whether pictures of the two kinds resemble each other."""
    return any(one in family and other in family for family in FAMILIES)
