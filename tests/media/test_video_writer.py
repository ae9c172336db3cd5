"""Films that are written: every picture at its own time, the sound untouched."""

import itertools
import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from avsseg.errors import MediaError, UsageError
from avsseg.media.clock import time_of
from avsseg.media.encoders import VideoFormat
from avsseg.media.planes import plane_view
from avsseg.media.reader import open_video
from avsseg.media.video_writer import open_video_writer

VFR = [Fraction(t, 1000) for t in (0, 40, 80, 400, 433, 466, 1900, 1901, 2500)]


def rewrite(source: Path, target: Path, **settings) -> list[str]:
    """The untouched pictures of a film, written again."""
    stretch = {key: settings[key] for key in ("start", "end") if key in settings}
    with (
        open_video(source) as film,
        open_video_writer(target, film.info, **settings) as writer,
    ):
        for frame in film.frames(**stretch):
            writer.write(frame)
    return writer.notes


def picture_times(path: Path) -> list[Fraction]:
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def sound_packets(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        stream = container.streams.best("audio")
        packets = [p for p in container.demux(stream) if p.size]
        return [(p.pts * p.time_base, bytes(p)) for p in packets]


@pytest.mark.parametrize(
    "film",
    [
        {"rate": Fraction(25), "seconds": Fraction(1)},
        {"rate": Fraction(24000, 1001), "seconds": Fraction(1)},
        {"rate": Fraction(60000, 1001), "seconds": Fraction(1)},
        {"rate": Fraction(25), "b_frames": 3, "seconds": Fraction(1)},
        {"rate": Fraction(24000, 1001), "start": Fraction(1001 * 31, 24000)},
        {"times": VFR},
        {"times": [t + Fraction(7) for t in VFR]},
        {"times": [Fraction(k * k * 500, 105611) for k in range(20)]}
        | {"time_base": Fraction(500, 105611)},
    ],
    ids=["25", "23.976", "59.94", "b-frames", "late start", "vfr", "late vfr", "odd clock"],
)
@pytest.mark.parametrize("sounds", [({"codec": "aac"},), ()], ids=["sound", "mute"])
def test_every_picture_keeps_its_exact_time(make_film, tmp_path, number_of, film, sounds):
    """Count and times equal the source's to the tick, and pictures are in order."""
    name = "film.nut" if "time_base" in film else "film.mp4"
    source = make_film(name, sounds=sounds, **film)
    target = tmp_path / "out.mp4"

    rewrite(source, target)

    assert picture_times(target) == picture_times(source)
    with av.open(str(target)) as container:
        numbers = [
            number_of(f.to_ndarray(format="rgb24", threads=1)) for f in container.decode(video=0)
        ]
        assert numbers == list(range(len(numbers)))


def test_the_header_states_the_true_duration_of_irregular_films(make_film, tmp_path):
    """Players show the whole film, not the part that its first gaps suggest."""
    target = tmp_path / "out.mp4"

    rewrite(make_film(times=VFR, sounds=()), target)

    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        assert stream.duration * stream.time_base > VFR[-1]


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [
        ("aac", "mp4"),
        ("libopus", "mp4"),
        ("libmp3lame", "mp4"),
        ("flac", "mp4"),
        ("aac", "mov"),
        ("pcm_s16le", "mov"),
        ("aac", "mkv"),
        ("pcm_s16le", "mkv"),
    ],
)
def test_sound_is_copied_packet_for_packet(make_film, tmp_path, codec, suffix):
    """Bytes and times of the sound are the source's where the container takes the codec."""
    sound = {"codec": codec, "rate": 48000, "layout": "stereo"}
    source = make_film(f"film.{suffix}", sounds=(sound,))
    target = tmp_path / f"out.{suffix}"

    notes = rewrite(source, target)

    before, after = sound_packets(source), sound_packets(target)
    assert notes == []
    assert [data for _, data in after] == [data for _, data in before]
    assert max(abs(a[0] - b[0]) for a, b in zip(after, before, strict=True)) <= Fraction(1, 1000)


def test_sound_that_starts_late_stays_in_step(make_film, tmp_path):
    """A delayed track is not moved to the front."""
    sound = {"codec": "aac", "rate": 48000, "start": Fraction(3, 4), "seconds": Fraction(1)}
    source = make_film("film.mp4", sounds=(sound,), start=Fraction(1, 2))
    target = tmp_path / "out.mp4"

    rewrite(source, target)

    assert sound_packets(target) == sound_packets(source)
    assert picture_times(target) == picture_times(source)


def test_the_chosen_sound_track_is_carried(make_film, tmp_path):
    """Not simply the first one."""
    sounds = ({"codec": "aac", "rate": 48000}, {"codec": "aac", "rate": 44100})
    source = make_film("film.mp4", sounds=sounds)
    target = tmp_path / "out.mp4"

    with open_video(source, audio_track=1) as film, open_video_writer(target, film.info) as writer:
        for frame in film.frames():
            writer.write(frame)

    with av.open(str(target)) as container:
        assert [s.rate for s in container.streams.audio] == [44100]


@pytest.mark.parametrize(
    ("codec", "suffix", "expected"),
    [
        ("pcm_s16le", "mp4", "aac"),
        ("pcm_s16le", "webm", "opus"),
        ("aac", "webm", "opus"),
        ("libopus", "mov", "aac"),
    ],
)
def test_sound_that_players_refuse_is_encoded_anew_and_noted(
    make_film, tmp_path, codec, suffix, expected
):
    """PCM in mp4 plays almost nowhere, webm takes only Opus; the tone stays where it was."""
    sound = {"codec": codec, "rate": 48000, "start": Fraction(1, 2), "seconds": Fraction(3, 2)}
    source = make_film("film.mkv", sounds=(sound,))
    target = tmp_path / f"out.{suffix}"
    encoder = "libvpx-vp9" if suffix == "webm" else "libx264"

    notes = rewrite(source, target, video_format=VideoFormat(encoder=encoder))

    assert len(notes) == 1 and f"encoded anew as {expected}" in notes[0]
    with av.open(str(target)) as container:
        stream = container.streams.audio[0]
        assert stream.codec_context.codec.canonical_name == expected
        frames = list(container.decode(stream))
    begin = frames[0].pts * frames[0].time_base
    samples = np.concatenate([f.to_ndarray().mean(axis=0) for f in frames])
    loud = np.flatnonzero(np.abs(samples) > 0.05) / frames[0].sample_rate + float(begin)
    assert abs(loud[0] - 0.5) < 0.03 and abs(loud[-1] - 2.0) < 0.05


def test_a_film_without_sound_stays_without(make_film, tmp_path):
    """No silent track is invented."""
    target = tmp_path / "out.mp4"

    rewrite(make_film(sounds=()), target)

    with av.open(str(target)) as container:
        assert len(container.streams) == 1


def test_sound_can_be_left_out(make_film, tmp_path):
    """Only when that is asked for."""
    target = tmp_path / "out.mp4"

    rewrite(make_film(), target, with_sound=False)

    with av.open(str(target)) as container:
        assert not container.streams.audio


def test_a_stretch_begins_at_zero_with_its_own_sound(make_film, tmp_path):
    """Picture and sound of the stretch move together; nothing of the rest is in it."""
    sound = {"codec": "aac", "rate": 48000}
    source = make_film("film.mp4", sounds=(sound,), seconds=Fraction(4))
    target = tmp_path / "out.mp4"
    start, end = Fraction(1), Fraction(3)

    rewrite(source, target, start=start, end=end)

    expected = [(t - start, data) for t, data in sound_packets(source) if start <= t < end]
    assert picture_times(target) == [Fraction(k, 10) for k in range(20)]
    assert sound_packets(target) == expected


@pytest.mark.parametrize(
    ("tags", "height"),
    [
        ({"colorspace": 1, "color_primaries": 1, "color_trc": 1, "color_range": 1}, 48),
        ({"colorspace": 6, "color_primaries": 6, "color_trc": 6, "color_range": 1}, 48),
        ({"colorspace": 1, "color_primaries": 1, "color_trc": 1, "color_range": 2}, 48),
        ({}, 48),
    ],
    ids=["709", "601", "full range", "untagged"],
)
def test_pure_colours_and_tags_survive(make_film, tmp_path, tags, height):
    """An untouched film looks the same within 2/255, and says the same of its colours."""
    source = make_film(size=(64, height), sounds=(), codec_options={"crf": "1"}, **tags)
    target = tmp_path / "out.mp4"
    fine = VideoFormat(options={"crf": "4"})

    rewrite(source, target, video_format=fine)

    with av.open(str(source)) as one, av.open(str(target)) as two:
        pairs = list(zip(one.decode(video=0), two.decode(video=0), strict=True))
    for before, after in pairs:
        assert int(before.colorspace) == int(after.colorspace)
        assert int(before.color_range) == int(after.color_range)
        assert int(before.color_primaries) == int(after.color_primaries)
        assert int(before.color_trc) == int(after.color_trc)
        for index in range(3):
            low, high = plane_view(before, index), plane_view(after, index)
            patches = [(slice(-8, -3), slice(4, 12)), (slice(-8, -3), slice(-12, -4))]
            for patch in patches:
                assert abs(low[patch].mean() - high[patch].mean()) <= 2


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_film_is_written_upright_without_the_flag(
    make_film, tmp_path, number_of, rotation
):
    """Players that ignore the flag and players that obey it show the same."""
    target = tmp_path / "out.mp4"

    rewrite(make_film("film.mp4", rotation=rotation, sounds=()), target)

    with av.open(str(target)) as container:
        frames = list(container.decode(video=0))
    frame = frames[5]
    as_stored = np.rot90(frame.to_ndarray(format="rgb24", threads=1), -rotation // 90)
    assert number_of(as_stored) == 5
    assert frame.rotation == 0
    assert (frame.width, frame.height) == ((48, 64) if rotation in (90, 270) else (64, 48))


def test_the_shape_of_pixels_is_kept(make_film, tmp_path):
    """An anamorphic film stays as wide on screen."""
    target = tmp_path / "out.mp4"

    rewrite(make_film(sar=Fraction(4, 3), sounds=()), target)

    with av.open(str(target)) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


def odd_frames(width: int, height: int, count: int = 3):
    for number in range(count):
        frame = av.VideoFrame(width, height, "yuv420p")
        for index, value in enumerate((100 + 20 * number, 110, 140)):
            plane_view(frame, index)[:] = value
        frame.pts, frame.time_base = number, Fraction(1, 10)
        yield frame


@pytest.mark.parametrize("size", [(65, 48), (64, 49), (65, 49)])
def test_odd_sizes_are_padded_to_even_and_noted(make_film, tmp_path, size):
    """The last row or column is repeated, so that no strange rim shows."""
    target = tmp_path / "out.mp4"
    with (
        open_video(make_film(sounds=())) as film,
        open_video_writer(target, film.info) as writer,
    ):
        for frame in odd_frames(*size):
            writer.write(frame)

    with av.open(str(target)) as container:
        frame = next(container.decode(video=0))
    assert (frame.width, frame.height) == (size[0] + size[0] % 2, size[1] + size[1] % 2)
    assert np.abs(plane_view(frame).astype(int) - 100).max() <= 3
    assert "padded to" in writer.notes[0] and len(writer.notes) == 1


def test_headers_stand_at_the_front(make_film, tmp_path):
    """A browser can start to play before it has all."""
    target = tmp_path / "out.mp4"

    rewrite(make_film(), target)

    data = target.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("encoder", ["libx265", "libsvtav1", "mpeg4", "ffv1"])
def test_other_encoders_of_the_bundle_keep_times_too(make_film, tmp_path, encoder):
    """Any encoder name of libav serves, in a container that holds it."""
    source = make_film(times=VFR, sounds=(), time_base=Fraction(1, 1000), size=(64, 64))
    target = tmp_path / ("out.mkv" if encoder == "ffv1" else "out.mp4")

    rewrite(source, target, video_format=VideoFormat(encoder=encoder))

    assert picture_times(target) == VFR


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="no scheduling to look at")
def test_encoders_leave_the_priority_of_who_uses_them_alone(make_film, tmp_path):
    """SVT-AV1 would make root's thread, and all that it begins, real-time ones."""
    before = os.sched_getscheduler(0)
    source = make_film(sounds=(), size=(64, 64))
    rewrite(source, tmp_path / "out.mp4", video_format=VideoFormat(encoder="libsvtav1"))
    assert os.sched_getscheduler(0) == before


@pytest.mark.parametrize(
    ("encoder", "suffix", "message"),
    [
        ("h265_of_dreams", "mp4", "no such video encoder"),
        ("aac", "mp4", "no such video encoder"),
        ("libx264", "webm", "cannot hold"),
        ("libx264", "xyz", "no video container of that kind"),
    ],
)
def test_what_cannot_be_encoded_is_one_clear_line(make_film, tmp_path, encoder, suffix, message):
    """Unknown encoders, wrong containers and strange suffixes name the remedy."""
    source = make_film(sounds=())

    with pytest.raises(UsageError, match=message):
        rewrite(source, tmp_path / f"out.{suffix}", video_format=VideoFormat(encoder=encoder))

    assert sorted(p.name for p in tmp_path.iterdir()) == [source.name]


@pytest.mark.parametrize("failure", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_film_leaves_nothing(make_film, tmp_path, failure):
    """Neither under the final name nor under another."""
    source = make_film()

    with (
        pytest.raises(failure),
        open_video(source) as film,
        open_video_writer(tmp_path / "out.mp4", film.info) as writer,
    ):
        for frame in itertools.islice(film.frames(), 7):
            writer.write(frame)
        raise failure

    assert sorted(p.name for p in tmp_path.iterdir()) == [source.name]


def test_a_disk_that_fills_up_is_one_clear_line(make_film, tmp_path):
    """A real refused write deep inside libav, by a limit on the size of files."""
    resource = pytest.importorskip("resource")
    noise = np.random.default_rng(0)
    source = make_film(
        picture=lambda number, size: noise.integers(0, 255, (*size[::-1], 3), np.uint8),
        sounds=(),
        seconds=Fraction(10),
    )
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(MediaError, match=r"out\.mp4: cannot be written"):
            rewrite(source, tmp_path / "out.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert sorted(p.name for p in tmp_path.iterdir()) == [source.name]


def test_a_film_of_no_pictures_is_an_error(make_film, tmp_path):
    """An empty file would look like a result."""
    with (
        open_video(make_film()) as film,
        pytest.raises(MediaError, match="no picture to write"),
        open_video_writer(tmp_path / "out.mp4", film.info),
    ):
        pass

    assert not (tmp_path / "out.mp4").exists()


def test_the_source_is_never_written_over(make_film):
    """Even when overwriting is allowed."""
    source = make_film("film.mp4")
    before = source.read_bytes()

    with pytest.raises(MediaError, match="is the input itself"):
        rewrite(source, source, overwrite=True)

    assert source.read_bytes() == before


def test_torn_sound_costs_neither_the_picture_nor_the_program(make_film, tmp_path):
    """What can be read of a damaged source is carried over."""
    source = make_film("film.mkv", sounds=({"codec": "aac", "rate": 48000},), seconds=Fraction(4))
    data = bytearray(source.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 500] = bytes(range(250)) * 2
    torn = tmp_path / "torn.mkv"
    torn.write_bytes(data)
    target = tmp_path / "out.mp4"

    rewrite(torn, target)

    assert len(picture_times(target)) >= 20
    assert len(sound_packets(target)) >= 100


def test_frames_handed_in_keep_their_pixels(make_film, tmp_path):
    """The decoder may still need them; their time is then that of the film, which begins at 0."""
    with (
        open_video(make_film(start=Fraction(3))) as film,
        open_video_writer(tmp_path / "a.mp4", film.info, start=Fraction(3)) as writer,
    ):
        for frame in film.frames():
            time, pixels = time_of(frame), plane_view(frame).copy()
            writer.write(frame)
            assert time_of(frame) == time - 3
            np.testing.assert_array_equal(plane_view(frame), pixels)


def test_a_picture_out_of_order_is_left_out_with_a_note(make_film, tmp_path):
    """Muxers need rising times; nothing is invented."""
    target = tmp_path / "out.mp4"
    with (
        open_video(make_film(sounds=())) as film,
        open_video_writer(target, film.info) as writer,
    ):
        frames = list(odd_frames(64, 48))
        for frame in (frames[0], frames[1], frames[1], frames[2]):
            writer.write(frame)

    assert len(picture_times(target)) == 3
    assert "left out" in writer.notes[0]


def test_sound_and_picture_lie_side_by_side_in_the_file(make_film, tmp_path):
    """A player on a slow line never has to look far ahead for either."""
    target = tmp_path / "out.mp4"

    rewrite(make_film("film.mp4", sounds=({"codec": "aac", "rate": 48000},)), target)

    with av.open(str(target)) as container:
        packets = [(p.pos, p.dts * p.time_base, p.stream.type) for p in container.demux() if p.size]
    ends = {"video": Fraction(0), "audio": Fraction(0)}
    for _, time, kind in sorted(packets):
        ends[kind] = time
        assert abs(ends["video"] - ends["audio"]) < Fraction(3, 2)


def test_folders_with_strange_names_are_ordinary(make_film, tmp_path):
    """Colons, percent signs and other scripts mean nothing to libav."""
    folder = tmp_path / "http:%03d змея"
    folder.mkdir()

    rewrite(make_film(sounds=()), folder / "-a:b?.mp4")

    assert [p.name for p in folder.iterdir()] == ["-a:b?.mp4"]
