"""What the page of one video tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from avsseg.media.probe import VideoInfo
from avsseg.media.spectrogram import Spectrogram
from avsseg.page.moments import Moment, Stretch, stretches
from avsseg.run_record import Recipe


@dataclass(frozen=True, kw_only=True)
class FilmStory:
    """All that a page tells of one film, times being those of the annotated video.

    Attributes:
        name: of the source's file.
        source: facts of the source.
        overlay: facts of the annotated video.
        outputs: what was written, by kind.
        moments: what was predicted.
        sound: what it sounds like, on the source's clock; None without a sound track.
        shift: seconds to take off the source's clock.
        recipe: how it was made.
        notes: remarks for the user.
    """

    name: str
    source: VideoInfo
    overlay: VideoInfo
    outputs: Mapping[str, Path]
    moments: Sequence[Moment]
    sound: Spectrogram | None
    shift: Fraction
    recipe: Recipe
    notes: Sequence[str]

    @property
    def length(self) -> float:
        """Seconds to the end of the annotated video."""
        last = self.moments[-1].time if self.moments else 0.0
        return max(float(self.overlay.start + (self.overlay.duration or 0)), last, 0.04)

    @property
    def gated(self) -> bool:
        """Whether masks gave way to silence."""
        return self.sound is not None and self.recipe.arguments.get("gate", True) is not None

    @property
    def stretches(self) -> list[Stretch]:
        """When something is marked."""
        return stretches(self.moments)
