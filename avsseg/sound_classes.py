"""What is heard: AudioSet's classes, as YAMNet scores them."""

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]

_BACKGROUND = frozenset(
    {
        "Silence",
        "Inside, small room",
        "Inside, large room or hall",
        "Inside, public space",
        "Outside, urban or manmade",
        "Outside, rural or natural",
        "Reverberation",
        "Echo",
        "Noise",
        "Environmental noise",
        "Static",
        "Mains hum",
        "Distortion",
        "Sidetone",
        "Cacophony",
        "White noise",
        "Pink noise",
        "Hum",
        "Field recording",
    }
)
"""Classes of rooms, recordings and noise: no thing in the picture makes them."""

_GENERAL = frozenset(
    {
        "Animal",
        "Domestic animals, pets",
        "Wild animals",
        "Livestock, farm animals, working animals",
        "Music",
        "Musical instrument",
        "Vehicle",
        "Motor vehicle (road)",
        "Tools",
        "Mechanisms",
        "Alarm",
    }
)
"""Classes that hold many others: of use only where none of those is heard."""

_GENERAL_WEIGHT = 0.6


@dataclass(frozen=True, kw_only=True)
class HeardEvent:
    """One class of sound with its score in [0, 1]."""

    name: str
    score: float

    def __str__(self) -> str:
        """As shown to people: ``Dog 0.93``."""
        return f"{self.name} {self.score:.2f}"


@lru_cache(maxsize=1)
def class_names() -> tuple[str, ...]:
    """Names of YAMNet's 521 classes, in the order of its scores."""
    table = files("avsseg") / "resources" / "yamnet_class_map.csv"
    rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    return tuple(row["display_name"] for row in rows)


def heard_events(scores: Scores, *, most: int = 2, least: float = 0.3) -> tuple[HeardEvent, ...]:
    """The surest classes of one moment, without rooms and noise.

    They are in order of their scores, but that a dog goes before an animal that is hardly surer.

    Args:
        scores: (521,) in [0, 1].
        most: how many classes at most.
        least: score below which a class is not named.
    """
    ranked = np.argsort(-scores * _weights(), kind="stable")[:most]
    found = [(int(number), float(scores[number])) for number in ranked]
    return tuple(
        HeardEvent(name=class_names()[number], score=score)
        for number, score in found
        if score >= least and _weights()[number]
    )


def event_score(scores: Scores) -> float:
    """The score of the surest class that is a thing and neither a room nor noise."""
    return float(scores[_weights() > 0].max())


def silence_score(scores: Scores) -> float:
    """How sure the encoder is that there is nothing to hear."""
    return float(scores[class_names().index("Silence")])


@lru_cache(maxsize=1)
def _weights() -> Scores:
    """What a score of each class counts in their order."""
    return np.array(
        [
            0.0 if name in _BACKGROUND else _GENERAL_WEIGHT if name in _GENERAL else 1.0
            for name in class_names()
        ],
        np.float32,
    )
