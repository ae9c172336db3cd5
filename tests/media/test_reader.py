from fractions import Fraction
from itertools import islice

import av
import numpy as np
import pytest

from avsseg.errors import MediaError
from avsseg.media import reader as reader_module
from avsseg.media import soundtrack as soundtrack_module
from avsseg.media.colour import tags_of, to_rgb
from avsseg.media.container import Damage, decoded, open_container
from avsseg.media.reader import open_video
from avsseg.media.sampling import SampleSpec

FFV1 = {"codec": "ffv1", "codec_options": {}}
ONE = SampleSpec(fps=Fraction(1), size=(64, 48))


def clips_of(path, spec=ONE, **options):
    with open_video(path, **options) as reader:
        return list(reader.clips(spec))


def source_times(path):
    """The film's timestamps as any other program would read them."""
    with av.open(str(path)) as container:
        return [(f.pts, f.time_base) for f in container.decode(video=0)]


def ramp(seconds):
    """A sound that tells its own time: from -1 at 0 s to 1 at 4 s."""
    return seconds / 2 - 1


def ramp_time(samples):
    return (samples.astype(float) + 1) * 2


# --- clips: which pictures, at which times, with which sound


def test_clips_hold_the_pictures_on_display_at_their_times(make_film, number_of):
    """Every picture of a clip is the one that its time says, at the size asked for."""
    (clip,) = clips_of(make_film(seconds=5, rate=Fraction(25), gop=50, b_frames=2))

    assert clip.frames.shape == (5, 48, 64, 3)
    assert [number_of(f) for f in clip.frames] == [12, 37, 62, 87, 112]
    np.testing.assert_allclose([float(t) for t in clip.times], np.arange(5) + 0.48)
    assert (clip.num_valid, clip.index) == (5, 0)


def test_each_picture_has_the_sound_around_its_own_time(make_film):
    """The middle sample of each window sounds at the picture's time, to the sample."""
    (clip,) = clips_of(make_film(seconds=4, sounds=[{"wave": ramp}]))

    assert clip.waveform.shape == (5, 15600)
    assert clip.waveform.dtype == np.float32
    for samples, time in zip(clip.waveform[:4], clip.times, strict=False):
        assert ramp_time(samples[7800]) == pytest.approx(float(time), abs=2e-4)
        assert ramp_time(samples[:2])[0] == pytest.approx(float(time) - 7800 / 16000, abs=2e-4)


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.mov"])
@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_a_click_stays_at_its_time_through_codecs_and_rates(make_film, name, rate):
    """A click at 1.5 s is found there after AAC and resampling, encoder delay removed."""

    def click(seconds):
        return 0.9 * np.exp(-(((seconds - 1.5) * 400) ** 2))

    sounds = [{"wave": click, "codec": "aac", "rate": rate}]
    (clip,) = clips_of(make_film(name, seconds=3, sounds=sounds))
    found = clip.times[1] + Fraction(int(np.abs(clip.waveform[1]).argmax()) - 7800, 16000)

    assert float(found) == pytest.approx(1.5, abs=2e-3)


def test_the_last_clip_is_padded_and_says_how_much_is_real(make_film, number_of):
    """Seven moments are a clip of five and one of two, its last picture repeated."""
    first, last = clips_of(make_film(seconds=7))

    assert (first.num_valid, last.num_valid) == (5, 2)
    assert [number_of(f) for f in last.frames] == [55, 65, 65, 65, 65]
    assert last.times == (Fraction(11, 2), *[Fraction(13, 2)] * 4)
    assert last.index == 1


def test_dense_rates_interleave_clips_one_second_apart(make_film):
    """At two moments a second each clip keeps the spacing of one second."""
    a, b = clips_of(make_film(seconds=5), SampleSpec(fps=Fraction(2)))

    assert [float(t) for t in a.times] == pytest.approx([0.2, 1.2, 2.2, 3.2, 4.2])
    assert [float(t) for t in b.times] == pytest.approx([0.7, 1.7, 2.7, 3.7, 4.7])


def test_variable_frame_rate_is_read_by_timestamps(make_film, number_of):
    """Irregular pictures keep their own exact times."""
    times = [Fraction(n, 1000) for n in (0, 433, 467, 1201, 2400, 2433, 3007)]
    (clip,) = clips_of(make_film(times=times, seconds=3))

    assert [number_of(f) for f in clip.frames[:3]] == [2, 3, 5]
    assert clip.times[:3] == (Fraction(467, 1000), Fraction(1201, 1000), Fraction(2433, 1000))


def test_a_film_whose_clock_begins_late_keeps_its_clock(make_film, number_of):
    """With a first timestamp of 5 s moments, times and sound count from there."""
    sounds = [{"wave": lambda s: ramp(s - 5), "start": Fraction(5)}]
    (clip,) = clips_of(make_film(start=Fraction(5), seconds=4, sounds=sounds))

    assert [float(t) for t in clip.times[:4]] == [5.5, 6.5, 7.5, 8.5]
    assert number_of(clip.frames[0]) == 5
    assert ramp_time(clip.waveform[0][7800]) + 5 == pytest.approx(5.5, abs=2e-4)


def test_gain_scales_and_clips_the_sound(make_film, waves):
    """Samples are multiplied and stay within [-1, 1]."""
    film = make_film(sounds=[{"wave": waves["tone"](440, 0.25)}])
    loud = clips_of(film, SampleSpec(fps=Fraction(1), gain=2.0))[0].waveform
    louder = clips_of(film, SampleSpec(fps=Fraction(1), gain=20.0))[0].waveform

    assert loud.max() == pytest.approx(0.5, abs=1e-3)
    assert louder.max() == 1.0


def test_an_offset_moves_the_sound_later(make_film):
    """A quarter second of offset puts what sounded at t at t + 0.25 s."""
    film = make_film(seconds=4, sounds=[{"wave": ramp}])
    moved = clips_of(film, SampleSpec(fps=Fraction(1), audio_offset=Fraction(1, 4)))[0]

    assert ramp_time(moved.waveform[2][7800]) == pytest.approx(
        float(moved.times[2]) - 0.25, abs=2e-4
    )


@pytest.mark.parametrize("start", [Fraction(1), Fraction(31, 10), Fraction(6)])
@pytest.mark.parametrize("name", ["film.mkv", "film.mp4"])
def test_a_stretch_gives_what_the_whole_gives_there(make_film, number_of, name, start):
    """Starting in the middle, by a seek or not, gives the same pictures and sound."""
    sounds = [{"codec": "pcm_s16le" if name == "film.mkv" else "aac"}]
    film = make_film(name, seconds=10, gop=20, b_frames=2, sounds=sounds)
    spec = SampleSpec(fps=Fraction(10), size=(64, 48), num_frames=1, spacing=Fraction(1, 10))
    part = SampleSpec(
        fps=Fraction(10),
        size=(64, 48),
        num_frames=1,
        spacing=Fraction(1, 10),
        start=start,
        end=start + 2,
    )
    whole = {c.times[0]: c for c in clips_of(film, spec)}
    clips = clips_of(film, part)

    assert [c.times[0] for c in clips] == [start + Fraction(i, 10) for i in range(20)]
    for clip in clips:
        np.testing.assert_array_equal(clip.frames, whole[clip.times[0]].frames)
        np.testing.assert_allclose(clip.waveform, whole[clip.times[0]].waveform, atol=2e-3)


def test_a_stretch_beyond_the_film_is_one_clear_line(make_film):
    """Nothing to read is an error, not an empty result."""
    film = make_film(seconds=2)

    with pytest.raises(MediaError, match=r"film.mkv: no picture can be read from 9 s on"):
        clips_of(film, SampleSpec(fps=Fraction(1), start=Fraction(9)))
    with open_video(film) as reader, pytest.raises(MediaError, match="from 9 s on"):
        list(reader.frames(start=Fraction(9)))


def test_a_single_picture_is_a_clip(make_film):
    """A film of one picture gives one moment."""
    (clip,) = clips_of(make_film(times=[Fraction(0)], seconds=1))

    assert clip.num_valid == 1
    assert clip.times == (0,) * 5


def test_benchmark_mode_gives_avsbench_frames_and_blocks(make_film, number_of):
    """Frames at l + 15/16 s, blocks of 0.975 s every 0.96 s from the clip's start."""
    film = make_film(seconds=5, rate=Fraction(25), sounds=[{"wave": lambda s: ramp(s * 0.8)}])
    (clip,) = clips_of(film, SampleSpec(fps=Fraction(1), size=(64, 48), benchmark=True))

    assert [number_of(f) for f in clip.frames] == [23, 48, 73, 98, 123]
    starts = [ramp_time(samples[0]) / 0.8 for samples in clip.waveform]
    np.testing.assert_allclose(starts, [0, 0.96, 1.92, 2.88, 3.84], atol=2e-4)


def test_benchmark_mode_repeats_the_last_whole_block(make_film):
    """A track too short for five blocks (under 77040 samples) repeats the fourth."""
    sounds = [{"seconds": Fraction(77039, 16000)}]
    (clip,) = clips_of(
        make_film(seconds=5, sounds=sounds), SampleSpec(fps=Fraction(1), benchmark=True)
    )

    np.testing.assert_array_equal(clip.waveform[4], clip.waveform[3])
    assert not np.array_equal(clip.waveform[3], clip.waveform[2])


# --- sound that is late, short, missing, silent, or far from its picture


def test_a_late_track_is_silent_before_it_begins(make_film):
    """A track that begins at 1.5 s is not shifted to the start."""
    sounds = [{"wave": ramp, "start": Fraction(3, 2), "seconds": Fraction(5, 2)}]
    (clip,) = clips_of(make_film(seconds=4, sounds=sounds))

    assert not clip.waveform[0].any()
    onset = int(np.flatnonzero(clip.waveform[1])[0])
    assert clip.times[1] + Fraction(onset - 7800, 16000) == Fraction(3, 2)
    assert ramp_time(clip.waveform[2][7800]) == pytest.approx(2.5, abs=2e-4)


def test_a_short_track_is_silent_after_it_ends(make_film, waves):
    """The film goes on without sound, and every clip still comes."""
    clips = clips_of(make_film(seconds=7, sounds=[{"seconds": Fraction(2)}]))

    assert [c.num_valid for c in clips] == [5, 2]
    assert clips[0].waveform[1].any()
    assert not clips[0].waveform[3:].any()
    assert not clips[1].waveform.any()


def test_missing_sound_is_silence(make_film):
    """A film without a track is read; the reader says that there is none."""
    with open_video(make_film(sounds=())) as reader:
        (clip,) = reader.clips(ONE)

        assert not reader.info.has_audio
        assert not clip.waveform.any()


def test_a_silent_track_is_a_track(make_film, waves):
    """Digital silence is sound that is there and zero."""
    with open_video(make_film(sounds=[{"wave": waves["silence"]}])) as reader:
        (clip,) = reader.clips(ONE)

        assert reader.info.has_audio
        assert not clip.waveform.any()


def test_the_chosen_track_is_heard(make_film, waves):
    """Track 1 is heard when it is asked for, whatever stream it is."""
    sounds = [{"wave": waves["silence"]}, {"wave": waves["tone"](440, 0.25)}]
    film = make_film(sounds=sounds, audio_first=True)

    assert not clips_of(film)[0].waveform.any()
    assert clips_of(film, audio_track=1)[0].waveform.max() > 0.2


@pytest.mark.parametrize(
    "layout",
    [
        {"interleave": False},
        {"interleave": False, "audio_first": True},
        {"sounds": [{"wave": ramp, "start": Fraction(3), "seconds": Fraction(1)}]},
        {"sounds": [{"wave": ramp, "seconds": Fraction(1)}]},
        {"times": [Fraction(0), Fraction(1), Fraction(39, 10)]},
    ],
    ids=["sound at the end", "sound at the front", "late", "short", "still"],
)
def test_memory_stays_bounded_where_sound_and_picture_lie_far_apart(make_film, monkeypatch, layout):
    """With room for almost nothing the clips are the same, and no more than the room is held."""
    film = make_film("film.nut", seconds=4, **({"sounds": [{"wave": ramp}]} | layout))
    spec = SampleSpec(fps=Fraction(4), size=(64, 48), num_frames=1)
    plenty = clips_of(film, spec)
    monkeypatch.setattr(reader_module, "MAX_WAITING_BYTES", 3 * 64 * 48 * 3)
    monkeypatch.setattr(soundtrack_module, "MAX_HELD_SAMPLES", 24000)
    held, waiting = [], []
    ready = reader_module._ready

    def watched(queue, soundtrack, spec):
        held.append(soundtrack._buffer.num_samples)
        waiting.append(len(queue))
        return ready(queue, soundtrack, spec)

    monkeypatch.setattr(reader_module, "_ready", watched)
    tight = clips_of(film, spec)

    assert max(waiting) <= 5
    assert max(held) <= 24000 + 15600 + 4096
    assert [c.times for c in tight] == [c.times for c in plenty]
    for a, b in zip(tight, plenty, strict=True):
        np.testing.assert_array_equal(a.frames, b.frames)
        np.testing.assert_array_equal(a.waveform, b.waveform)


# --- laziness and handles


def test_clips_are_read_only_when_they_are_asked_for(make_film, monkeypatch):
    """The first clip of a long film is there before most of the film was decoded."""
    count = 0
    original = reader_module.SmallPictures.__call__

    def counted(self, frame):
        nonlocal count
        count += 1
        return original(self, frame)

    monkeypatch.setattr(reader_module.SmallPictures, "__call__", counted)
    with open_video(make_film(seconds=30)) as reader:
        clips = reader.clips(ONE)
        assert count == 0

        next(clips)

        assert 5 <= count <= 7


def test_leaving_half_way_closes_every_handle(make_film):
    """Neither an abandoned pass nor an error leaves the file open."""
    with open_video(make_film(seconds=8)) as reader:
        clips, frames = reader.clips(ONE), reader.frames()
        next(clips), next(frames)
        opened = list(reader._film._open)
        clips.close()

        assert len(opened) == 2
        assert len(reader._film._open) == 1

    assert reader._film._open == []


def test_passes_do_not_disturb_each_other(make_film, number_of):
    """Clips and full frames may be read at the same time, each from the start."""
    film = make_film(seconds=6)
    with open_video(film) as reader:
        clips, frames = reader.clips(ONE), reader.frames()
        first = [f.pts for f in islice(frames, 20)]
        next(clips)
        rest = [f.pts for f in frames]

    assert first + rest == [pts for pts, _ in source_times(film)]


# --- every frame at full size


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"rate": Fraction(24000, 1001)},
        {"start": Fraction(5)},
        {"b_frames": 3, "gop": 6},
        {"times": [Fraction(n, 1000) for n in (0, 33, 467, 1201, 1210, 2400)]},
    ],
    ids=["steady", "24000/1001", "late clock", "b-frames", "variable"],
)
@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.nut"])
def test_every_frame_comes_with_its_own_timestamp(make_film, number_of, name, changes):
    """No frame is lost, doubled, reordered or moved by a tick."""
    film = make_film(name, sounds=(), **changes)
    with open_video(film) as reader:
        frames = list(reader.frames())

    assert [(f.pts, f.time_base) for f in frames] == source_times(film)
    numbers = [number_of(to_rgb(f, (64, 48))) for f in frames]
    assert numbers == list(range(len(frames)))


def test_frames_of_a_stretch_are_those_with_a_time_in_it(make_film, number_of):
    """From start to before end, exactly."""
    with open_video(make_film(seconds=8, gop=10, sounds=())) as reader:
        frames = list(reader.frames(start=Fraction(45, 10), end=Fraction(5)))

    assert [number_of(to_rgb(f, (64, 48))) for f in frames] == [45, 46, 47, 48, 49]


@pytest.mark.parametrize(
    ("rotation", "hflip"), [(90, False), (180, False), (270, False), (0, True), (90, True)]
)
def test_rotated_films_come_upright(make_film, number_of, picture_of, rotation, hflip):
    """Pixels are turned as a player would, in clips and at full size."""
    upright = picture_of(0, (64, 48))

    def stored(number, size):
        picture = np.rot90(picture_of(number, (64, 48)), -rotation // 90)
        mirror = slice(None, None, -1)  # FFmpeg mirrors left to right what it has turned
        axis = (mirror,) if rotation else (slice(None), mirror)
        return np.ascontiguousarray(picture[axis] if hflip else picture)

    size = (64, 48) if rotation in (0, 180) else (48, 64)
    film = make_film(
        "film.mp4", rotation=rotation, hflip=hflip, size=size, picture=stored, sounds=()
    )
    (clip,) = clips_of(film)
    with open_video(film) as reader:
        frames = list(reader.frames())

    assert number_of(clip.frames[0]) == 5
    assert [number_of(to_rgb(f, (64, 48))) for f in frames[:3]] == [0, 1, 2]
    assert (frames[0].width, frames[0].height) == (64, 48)
    assert np.abs(to_rgb(frames[0], (64, 48)).astype(int) - upright)[30:, 4:28].max() <= 6


@pytest.mark.parametrize(
    "changes",
    [
        {"pix_fmt": "yuv420p10le"},
        {"pix_fmt": "yuv422p"},
        {"pix_fmt": "yuv444p", "size": (65, 49)},
        {"pix_fmt": "yuvj420p", "color_range": 2},
        {"pix_fmt": "yuv420p", "colorspace": 1, "color_range": 1},
        {"pix_fmt": "yuv420p", "colorspace": 6, "color_range": 1},
        {"pix_fmt": "yuv422p10le", "colorspace": 1, "color_range": 2},
        {"pix_fmt": "bgra", **FFV1},
        {"pix_fmt": "gbrp10le", **FFV1},
        {"pix_fmt": "yuv420p", "size": (65, 49), **FFV1},
    ],
    ids=lambda c: "-".join(str(v) for k, v in c.items() if not k.startswith("codec")),
)
def test_any_pixel_format_keeps_its_colours(make_film, picture_of, changes):
    """Depth, subsampling, range, matrix, alpha and odd sides: colours stay within 3 of 255."""
    film = make_film(sounds=(), seconds=1, **changes)
    width, height = changes.get("size", (64, 48))
    with open_video(film) as reader:
        frame = next(reader.frames())
    (clip,) = clips_of(film)

    assert frame.format.name == "yuv420p"
    assert (frame.width, frame.height) == (width, height)
    for picture in (to_rgb(frame, (64, 48)), clip.frames[0]):
        assert np.abs(picture[36, 16].astype(int) - [200, 40, 30]).max() <= 3
        assert np.abs(picture[36, 48].astype(int) - [30, 60, 200]).max() <= 3


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_mapped_once_said_and_never_tagged(make_film, transfer, name):
    """Full frames and clips are BT.709, and the user is told in one line."""
    tags = {"colorspace": 9, "color_range": 1, "color_trc": transfer, "color_primaries": 9}
    film = make_film(pix_fmt="yuv420p10le", seconds=2, **tags)
    with open_video(film) as reader:
        frames = list(reader.frames())
        (clip,) = reader.clips(ONE)

        assert [note for note in reader.notes if "HDR" in note] == [
            f"{film}: HDR pictures ({name}) mapped to BT.709"
        ]
    tags_out = tags_of(frames[0])
    assert (tags_out.matrix, tags_out.range, tags_out.transfer, tags_out.primaries) == (1,) * 4
    assert [(f.pts, f.time_base) for f in frames] == source_times(film)
    small = to_rgb(frames[5], (64, 48)).astype(int)
    assert np.abs(small - clip.frames[0])[30:44, 4:28].max() <= 4


def test_edit_lists_are_followed(make_film, number_of):
    """B-frames and AAC in mp4 are stored with edit lists; times still begin at zero."""
    film = make_film("film.mp4", b_frames=2, sounds=[{"codec": "aac", "rate": 44100}])
    with open_video(film) as reader:
        frames = list(reader.frames())

    assert frames[0].pts == 0
    assert len(frames) == 20


# --- damage


@pytest.fixture(params=["film.mkv", "film.mp4", "film.ts"])
def torn_film(request, make_film, garble_middle):
    """A film of 8 s of which a stretch of bytes in the middle is noise."""
    options = {"movflags": "faststart"} if request.param == "film.mp4" else {}
    sounds = [{"codec": "mp2", "rate": 44100}]
    film = make_film(
        request.param, seconds=8, gop=10, size=(128, 96), sounds=sounds, container_options=options
    )
    return garble_middle(film, 0.4, 0.15)


def test_a_damaged_middle_keeps_what_decodes(torn_film):
    """Before and after the damage frames come with their own times, and none twice."""
    with open_video(torn_film) as reader:
        times = [float(f.pts * f.time_base) for f in reader.frames()]
    origin = float(reader.info.start)

    assert times == sorted(set(times))
    assert times[0] == origin
    assert times[-1] > origin + 7
    assert 30 <= len(times) <= 80


def test_clips_of_a_damaged_film_come_to_its_end_and_say_so(torn_film):
    """The masks of a torn film reach its last second, and the film is marked partial."""
    with open_video(torn_film) as reader:
        assert not reader.partial
        clips = list(reader.clips(ONE))

        assert reader.partial
    assert sum(c.num_valid for c in clips) == 8
    assert float(clips[-1].times[-1] - reader.info.start) > 7


def test_a_pause_of_the_picture_or_of_the_sound_alone_is_no_damage(make_film):
    """A still picture under sound, or silence under pictures, leaves the film whole."""
    still = make_film(times=[Fraction(n) for n in (0, 1, 4, 5)], seconds=5)
    with open_video(still) as reader:
        list(reader.clips(ONE))

        assert not reader.partial


@pytest.mark.parametrize("name", ["film.mkv", "film.mp4", "film.ts"])
def test_a_cut_tail_keeps_what_is_there(make_film, cut_tail, number_of, name):
    """A file cut off in the middle is read up to the cut; a stated end makes it partial."""
    options = {"movflags": "faststart"} if name == "film.mp4" else {}
    sounds = [{"codec": "aac"}] if name != "film.ts" else [{"codec": "mp2", "rate": 44100}]
    film = make_film(name, seconds=10, gop=10, container_options=options, sounds=sounds)
    cut_tail(film, 0.5)
    with open_video(film) as reader:
        frames = list(reader.frames())
        clips = list(reader.clips(ONE))

        assert reader.partial or name == "film.ts"
    assert 20 <= len(frames) <= 80
    assert [number_of(to_rgb(f, (64, 48))) for f in frames[:20]] == list(range(20))
    assert 2 <= sum(c.num_valid for c in clips) <= 8


def test_a_whole_film_is_not_partial(make_film):
    """Sound that is longer or shorter than the picture is no damage."""
    for seconds in (1, 6):
        film = make_film(seconds=3, sounds=[{"seconds": Fraction(seconds)}])
        with open_video(film) as reader:
            assert list(reader.clips(ONE))
            assert list(reader.frames())

            assert not reader.partial


def test_a_stream_that_only_fails_ends():
    """After a thousand failures in a row decoding gives up instead of spinning."""

    class Torn:
        name = "torn.mp4"
        demuxed = 0

        def demux(self, *streams):
            self.demuxed += 1
            raise av.error.InvalidDataError(1, "torn")
            yield

    torn, damage = Torn(), Damage()

    assert list(decoded(torn, [], damage)) == []
    assert torn.demuxed == 1000
    assert damage.count == 1000


def test_one_bad_packet_does_not_end_the_pass(make_film):
    """Errors of single packets are counted and the next packet is tried."""
    film = make_film(seconds=2, sounds=())
    damage = Damage()
    with open_container(film) as container:
        stream = container.streams.video[0]
        packets = list(container.demux(stream))

        class Flaky:
            def demux(self, *streams):
                def run():
                    for number, packet in enumerate(packets[self.at :], self.at):
                        self.at = number + 1
                        if number == 7:
                            raise av.error.InvalidDataError(1, "torn")
                        yield packet

                return run()

            name, at = "flaky.mp4", 0

        frames = list(decoded(Flaky(), [stream], damage))

    assert damage.count >= 1
    assert len(frames) >= 15
