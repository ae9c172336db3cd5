"""How loud a film is, before any of its pictures is looked at, and whether anything sounds."""

from avsseg.errors import MediaError
from avsseg.gate import SoundGate
from avsseg.media.probe import VideoInfo
from avsseg.media.reader import VideoReader
from avsseg.media.sound import SoundProfile, TakeSamples, measure_sound
from avsseg.prediction import PredictSettings

AUDIBLE_DBFS = -80.0
"""A track whose loudest second is below this holds nothing that anybody could hear."""


def listen(
    reader: VideoReader, *, silent_ok: bool = False, also: TakeSamples | None = None
) -> SoundProfile | None:
    """How loud the film is, from one pass over its sound alone; None without a sound track.

    Args:
        reader: the video.
        silent_ok: a video without sound track is no error.
        also: is handed all samples as well.

    Raises:
        MediaError: there is no sound track and ``silent_ok`` is off.
    """
    info = reader.info
    if info.has_audio:
        with reader.timer.working("sound"):
            return measure_sound(info.path, audio_track=info.audio_track, also=also)
    require_sound(info, silent_ok=silent_ok)
    return None


def require_sound(info: VideoInfo, *, silent_ok: bool) -> None:
    """Lets a film without a sound track pass only where that was said to be right.

    Raises:
        MediaError: there is no sound track and ``silent_ok`` is off.
    """
    if not info.has_audio and not silent_ok:
        raise MediaError(
            f"{info.path}: has no sound track, so nothing in it can be heard; "
            "give --silent-ok (silent_ok=True) for empty masks"
        )


def is_audible(profile: SoundProfile | None) -> bool:
    """Whether there is anything to hear at all."""
    return profile is not None and profile.loudest > AUDIBLE_DBFS


def sound_gate(profile: SoundProfile | None, settings: PredictSettings) -> SoundGate | None:
    """The gate of one film, if there is to be one; without a sound track there is none."""
    if profile is None or settings.gate is None:
        return None
    return SoundGate(profile, settings.gate)
