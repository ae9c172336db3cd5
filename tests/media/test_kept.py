"""Pictures are decoded once where they fit: the same film comes out, and nobody waits for ever."""

import dataclasses
import threading
from fractions import Fraction

import av
import numpy as np
import pytest

from avsseg.checkpoint import load_checkpoint
from avsseg.media import kept as kept_module
from avsseg.media.kept import KeptPictures, room_for
from avsseg.media.orientation import Orientation
from avsseg.media.outputs import OpenOutputs, OutputSettings
from avsseg.media.probe import probe
from avsseg.media.sampling import Shown
from avsseg.predict_file import predict_file
from avsseg.prediction import PredictSettings
from avsseg.stage_timer import StageTimer

SIZE = (64, 48)
BYTES = 64 * 48 * 3 // 2


@pytest.fixture(scope="module")
def model(tiny_checkpoint):
    return load_checkpoint(tiny_checkpoint)


@pytest.fixture
def info(make_film):
    return probe(make_film(size=SIZE, seconds=1, sounds=({},)))


def picture(number):
    frame = av.VideoFrame(*SIZE, "yuv420p")
    frame.pts, frame.time_base = number, Fraction(1, 10)
    return frame


def film(count):
    for number in range(count):
        time = Fraction(number, 10)
        yield Shown(time=time, end=time + Fraction(1, 10), picture=picture(number))


def numbers(pictures):
    return [frame.pts for frame in pictures]


def never(after):
    raise AssertionError(f"decoded again after {after}")


def keep(info, pictures_of_room, **stretch):
    return KeptPictures(info, pictures_of_room * BYTES, **({"start": None, "end": None} | stretch))


def test_what_is_kept_is_handed_out_in_order_and_not_decoded_again(info):
    """One pass is enough while everything fits."""
    kept = keep(info, 10)
    assert [shown.picture.pts for shown in kept.see(film(10))] == list(range(10))
    assert numbers(kept.pictures(never)) == list(range(10))


def test_only_the_stretch_is_kept(info):
    """From the start on, before the end."""
    kept = keep(info, 10, start=Fraction(3, 10), end=Fraction(7, 10))
    list(kept.see(film(10)))
    assert numbers(kept.pictures(never)) == [3, 4, 5, 6]


def test_the_first_pass_is_held_back_until_there_is_room_again(info):
    """No more than the room is kept at any time, and nothing is lost."""
    kept, passed = keep(info, 4), []
    first = threading.Thread(target=lambda: passed.extend(kept.see(film(50))))
    first.start()
    pictures = kept.pictures(never)
    for number in range(50):
        wait_for(lambda: len(passed) >= min(50, number + 4))  # noqa: B023
        assert len(passed) <= number + 4
        assert next(pictures).pts == number
    first.join()
    assert next(pictures, None) is None


def wait_for(holds):
    for _ in range(500):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError("did not come about")


def test_what_waits_for_the_first_pass_lets_it_run_on_and_at_last_stops_keeping(info):
    """Both stages behind it wait: it passes the room, then gives up what it cannot keep."""
    kept, passed = keep(info, 4), []

    def found():
        yield from kept.see(film(20))

    clips = kept.awaited(found())
    predictions = kept.awaited(number for number in clips if number.picture.pts == 19)
    passed.append(next(predictions).picture.pts)  # needs far more pictures than there is room for
    assert passed == [19]
    asked = []

    def again(after):
        asked.append(after)
        return (picture(number) for number in range(6, 20))

    assert numbers(kept.pictures(again)) == list(range(20))
    assert asked == [Fraction(5, 10)]


def test_whoever_shows_the_pictures_may_leave_at_any_time(info):
    """The first pass is let go, whatever it was waiting for."""
    kept = keep(info, 2)
    first = threading.Thread(target=lambda: list(kept.see(film(30))))
    first.start()
    pictures = kept.pictures(never)
    wait_for(lambda: kept._held == 2 * BYTES)
    next(pictures)
    pictures.close()
    first.join(5)
    assert not first.is_alive()


@pytest.mark.parametrize(
    "change",
    [
        {"rate": None},
        {"rate": Fraction(10**6)},
        {"width": 16000, "height": 16000},
        {"pix_fmt": "yuv422p10le"},
        {"orientation": Orientation(rotation=90)},
    ],
    ids=str,
)
def test_pictures_that_are_many_or_need_work_are_not_kept(info, change):
    """They are decoded twice, each pass in a thread of its own."""
    assert room_for(info, Fraction(5)) == 6 * 10 * BYTES
    assert room_for(dataclasses.replace(info, **change), Fraction(5)) is None


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"fps": Fraction(4)},
        {"fps": Fraction(4), "overlap": 2, "smooth": 0.5},
        {"fps": Fraction(1, 2)},
        {"start": Fraction(2), "end": Fraction(21, 2)},
    ],
    ids=str,
)
def test_the_film_is_the_same_picture_by_picture(make_film, tmp_path, model, settings):
    """Decoded once or twice, with clips that interleave, overlap or skip; and only once it is."""
    path = make_film(seconds=13, sounds=({},), gop=25, b_frames=2)
    once, timer = rendered(path, tmp_path / "once", model, settings)
    assert "second decode" not in timer.result().stages
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_module, "MAX_KEPT_BYTES", 0)
        twice, timer = rendered(path, tmp_path / "twice", model, settings)
    assert "second decode" in timer.result().stages
    assert len(once) == len(twice) > 80
    for one, other in zip(once, twice, strict=True):
        assert one[0] == other[0]
        assert np.array_equal(one[1], other[1])


def test_a_film_that_shows_more_pictures_than_it_says_comes_out_whole(make_film, tmp_path, model):
    """Its pictures do not fit the room: what was not kept is decoded again, from the right one."""
    path = make_film(seconds=13, sounds=({},))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("avsseg.predict_file.room_for", lambda info, seconds: 20 * BYTES)
        shown, timer = rendered(path, tmp_path / "out", model, {})
    assert "second decode" in timer.result().stages
    assert [time for time, _ in shown] == [Fraction(n, 10) for n in range(130)]


def rendered(path, folder, model, settings):
    """The pictures as they go to the encoder, whose own threads may add a level of noise."""
    timer, shown = StageTimer(), []
    outputs = OutputSettings(kinds=("matte",), with_sound=False)

    def show(opened, pictures):
        (picture,) = pictures
        shown.append((picture.pts * picture.time_base, picture.to_ndarray(format="gray")))
        return encode(opened, pictures)

    encode = OpenOutputs.show
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OpenOutputs, "show", show)
        predict_file(path, folder, model, PredictSettings(**settings), outputs, timer=timer)
    with av.open(folder / "matte.mp4") as container:
        assert len(list(container.decode(video=0))) == len(shown)
    return shown, timer
