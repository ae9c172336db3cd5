"""How scenes and soundtracks are drawn: every chance and range of the composers."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class SceneOptions:
    """How pictures are composed.

    Attributes:
        natural: share of true scenes with their own masks.
        whole: share of object pictures left in their own ground.
        collage: share of two such pictures side by side, so that no paste edge tells.
            The rest are objects pasted into a scene.
        num_objects: chances of pasting 0, 1, 2, 3, ... categories into a ground.
        added: chance that a natural or whole picture gets pasted objects too.
        group: chance that a pasted category comes as several objects.
        group_sizes: least and greatest number of objects in a group.
        area: least and greatest share of the frame of one pasted object.
        small: chance that an object is drawn from ``small_area`` instead.
        small_area: the range of small objects; groups take it more often.
        overlap: chance that objects may hide parts of each other freely.
        player: chance that an instrument is pasted over a person.
        close: chance that a pasted category is seen from so near that the frame cuts it off.
        close_area: the range of its size then, in frames.
        roll: chance that an object is turned by any angle, as seen from above.
        stretch: standard deviation of the logarithm of an object's width over its height.
        lean: standard deviation of the corners of an object seen aslant, in shares of its sides.
        decoys: chance of silent things pasted with the same edges as the objects.
        feather: range of the paste's border in pixels at 224.
        labelled_ground: share of grounds that bring labelled objects of their own.
        plain_ground: share of plain or graded studio grounds.
        white_whole: weight of cut-out style pictures among whole ones.
        confusable: chance of letting kinds that sound alike compete.
        jitter: greatest relative change of brightness, contrast and saturation (half of it
            towards brighter, so that pictures do not burn out).
        blur: chance of blurring the whole frame.
        noise: chance of sensor noise.
        dim: chance that the frame is much darker than its pictures were.
        jpeg: chance of coding the whole frame as JPEG.
        zoom: least share of a picture's side kept by its crop.
        aspects: width over height of the imagined camera, squeezed to a square later.
        moving: chance that objects move (clips only).
        panning: chance that the camera moves (clips only).
    """

    natural: float = 0.28
    whole: float = 0.08
    collage: float = 0.10
    num_objects: tuple[float, ...] = (0.03, 0.24, 0.43, 0.22, 0.08)
    added: float = 0.35
    group: float = 0.15
    group_sizes: tuple[int, int] = (2, 6)
    area: tuple[float, float] = (0.02, 0.6)
    small: float = 0.18
    small_area: tuple[float, float] = (0.005, 0.03)
    overlap: float = 0.25
    player: float = 0.12
    close: float = 0.0
    close_area: tuple[float, float] = (0.6, 2.5)
    roll: float = 0.0
    stretch: float = 0.0
    lean: float = 0.0
    decoys: float = 0.35
    feather: tuple[float, float] = (0.5, 2.0)
    labelled_ground: float = 0.4
    plain_ground: float = 0.08
    white_whole: float = 0.3
    confusable: float = 0.03
    jitter: float = 0.3
    blur: float = 0.25
    noise: float = 0.3
    dim: float = 0.0
    jpeg: float = 0.5
    zoom: float = 0.5
    aspects: tuple[float, ...] = (16 / 9, 16 / 9, 16 / 9, 4 / 3, 4 / 3, 1.0, 0.75, 9 / 16)
    moving: float = 0.5
    panning: float = 0.4


@dataclass(frozen=True, kw_only=True)
class SoundOptions:
    """How soundtracks are drawn.

    Attributes:
        one: chance that one category of the scene sounds.
        several: chance that two or more do, mixed or one after the other.
            The rest are negatives: nothing in view sounds.
        silence, noise, offscreen, music, absent: weights of the kinds of negative; ``absent``
            plays a known category that is not in view.
        third: chance that several are three instead of two.
        absent_pair: chance that two absent categories are heard together.
        hard_absent: chance that an absent sound is of the same family as something in view.
        confusable: chance of playing a kind that something else in view may be taken for.
        min_area: categories that cover less of every frame are never made to sound.
        mix_db: level of the second source relative to the first.
        sequential: chance that several sources follow each other (clips only).
        gated: chance that a source starts or stops inside the clip (clips only).
        pause: chance that a window may fall into a recording's own pause.
        background: chance of background noise under a source.
        background_absent: chance that this background is an absent category, as a narrator.
        background_db: its level below the source.
        gain_db: gain of the whole track; recordings have their loudest second near -22 dBFS.
        reverb: chance of reverberation.
        reverb_seconds: its range of decay times (-60 dB).
        speed: greatest relative change of pitch and speed, up or down.
        equalise: chance of a random equaliser.
        equalise_db: its standard deviation.
        rare_below: categories with fewer recordings are always sped and equalised, twice as much.
        floor: chance of a faint noise floor.
        floor_db: its level in dBFS.
        sounding_db: a source sounds where its window's mean envelope is at most this far below
            its recording's loudest window (-18 dB: 0.12 s at full level, or all of it quieter).
        silent_db: it is silent where it is further below than this; between, nobody can say.
        masked_db: a source further below the rest of the mix than this cannot be told either.
    """

    one: float = 0.50
    several: float = 0.15
    silence: float = 0.15
    noise: float = 0.17
    offscreen: float = 0.10
    music: float = 0.06
    absent: float = 0.52
    third: float = 0.2
    absent_pair: float = 0.2
    hard_absent: float = 0.5
    confusable: float = 0.05
    min_area: float = 0.004
    mix_db: tuple[float, float] = (-5.0, 10.0)
    sequential: float = 0.4
    gated: float = 0.4
    pause: float = 0.15
    background: float = 0.35
    background_absent: float = 0.2
    background_db: tuple[float, float] = (3.0, 25.0)
    gain_db: tuple[float, float] = (-16.0, 6.0)
    reverb: float = 0.2
    reverb_seconds: tuple[float, float] = (0.15, 0.9)
    speed: float = 0.1
    equalise: float = 0.3
    equalise_db: float = 5.0
    rare_below: int = 15
    floor: float = 0.5
    floor_db: tuple[float, float] = (-75.0, -50.0)
    sounding_db: float = -18.0
    silent_db: float = -30.0
    masked_db: float = -15.0
