"""Mask, matte and cut-out films."""

from fractions import Fraction

import av
import numpy as np
import pytest

from avsseg.media.encoders import H264, PRORES_ALPHA, VP9_ALPHA
from avsseg.media.mask_frames import alpha_frame, mask_frame, matte_frame
from avsseg.media.planes import plane_view
from avsseg.media.reader import open_video
from avsseg.media.video_writer import open_video_writer

SIZES = [(64, 48), (65, 49)]


def slope(width: int, height: int) -> np.ndarray:
    return np.tile(np.linspace(0, 255, width).astype(np.uint8), (height, 1))


def disc(width: int, height: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return (np.hypot(x - width / 2, y - height / 2) < 16).astype(np.uint8) * 255


def source_frames(width: int, height: int, count: int = 5):
    for number in range(count):
        frame = av.VideoFrame(width, height, "yuv420p")
        for index, value in enumerate((120, 110, 140)):
            plane_view(frame, index)[:] = value
        frame.pts, frame.time_base = number, Fraction(1, 10)
        frame.colorspace, frame.color_range = 1, 1
        yield frame


def write(make_film, target, frames, video_format=H264):
    """A film of given frames, with the sound of a made source."""
    source = make_film("sound.mkv", sounds=({"codec": "aac", "rate": 48000},))
    with (
        open_video(source) as film,
        open_video_writer(target, film.info, video_format=video_format) as writer,
    ):
        for frame in frames:
            writer.write(frame)


def test_a_mask_film_is_black_and_white(make_film, tmp_path):
    """Decoded to grey, what sounds is white and the rest black, without colour."""
    target, levels = tmp_path / "mask.mp4", disc(64, 48)

    write(make_film, target, (mask_frame(levels, f) for f in source_frames(64, 48)))

    with av.open(str(target)) as container:
        frames = list(container.decode(video=0))
    assert [f.pts * f.time_base for f in frames] == [Fraction(k, 10) for k in range(5)]
    grey = frames[2].to_ndarray(format="rgb24", threads=1)[..., 1].astype(int)
    assert np.abs(grey - levels).mean() < 3
    assert (np.abs(plane_view(frames[2], 1).astype(int) - 128) <= 1).all()


def test_a_matte_film_is_as_grey_as_it_is_probable(make_film, tmp_path):
    """A slope of probabilities is a slope of grey."""
    target, levels = tmp_path / "matte.mp4", slope(64, 48)

    write(make_film, target, (matte_frame(levels, f) for f in source_frames(64, 48)))

    with av.open(str(target)) as container:
        frame = next(container.decode(video=0))
    grey = frame.to_ndarray(format="rgb24", threads=1)[..., 1].astype(int)
    assert np.abs(grey - levels).max() <= 6


@pytest.mark.parametrize("threshold", [0.25, 0.5, 0.75])
def test_the_threshold_moves_the_mask(threshold):
    """White from the first level that reaches the threshold on."""
    levels = np.arange(256, dtype=np.uint8).reshape(2, 128)

    frame = mask_frame(levels, av.VideoFrame(128, 2, "yuv420p"), threshold=threshold)

    white = plane_view(frame, 0).ravel() == 235
    assert int(white.argmax()) == round(255 * threshold)
    assert white.sum() == 256 - round(255 * threshold)


@pytest.mark.parametrize("size", SIZES)
def test_prores_carries_colour_and_transparency(make_film, tmp_path, size):
    """ProRes 4444, read back: the picture opaque in the mask and clear outside, odd sizes too."""
    target, levels = tmp_path / "cut.mov", disc(*size)

    frames = (alpha_frame(f, levels) for f in source_frames(*size))
    write(make_film, target, frames, PRORES_ALPHA)

    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "prores" and stream.codec_context.profile == "4444"
        assert container.streams.audio[0].codec_context.name == "aac"
        frames = list(container.decode(stream))
    rgba = frames[1].to_ndarray(format="rgba", threads=1).astype(int)
    assert len(frames) == 5 and rgba.shape == (size[1], size[0], 4)
    assert np.abs(rgba[..., 3] - levels).max() <= 2
    luma = plane_view(frames[1].reformat(format="yuv420p", threads=1), 0).astype(int)
    assert np.abs(luma - 120).max() <= 2


def test_an_odd_width_is_stored_the_same_every_time(make_film, tmp_path):
    """One mask, hundreds of times: no frame's transparency differs from another's."""
    target, levels = tmp_path / "cut.mov", disc(65, 49)

    frames = (alpha_frame(f, levels) for f in source_frames(65, 49, count=300))
    write(make_film, target, frames, PRORES_ALPHA)

    with av.open(str(target)) as container:
        planes = [frame.planes[3] for frame in container.decode(video=0)]
    rows = [np.frombuffer(p, np.uint16).reshape(49, -1)[:, :65].tobytes() for p in planes]
    assert len(rows) == 300 and len(set(rows)) == 1


@pytest.mark.parametrize("size", SIZES)
def test_vp9_carries_transparency(make_film, tmp_path, size):
    """VP9 alpha in webm, read by libvpx (libav's own decoder drops it), odd sizes too."""
    target, levels = tmp_path / "cut.webm", disc(*size)

    write(make_film, target, (alpha_frame(f, levels) for f in source_frames(*size)), VP9_ALPHA)

    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        assert stream.metadata.get("alpha_mode") == "1"
        assert container.streams.audio[0].codec_context.codec.canonical_name == "opus"
        decoder = av.CodecContext.create("libvpx-vp9", "r")
        packets = [p for p in container.demux(stream) if p.size]
        frames = [f for p in packets for f in decoder.decode(p)] + decoder.decode(None)
    assert len(frames) == 5
    assert [float(p.pts * p.time_base) for p in packets] == [0, 0.1, 0.2, 0.3, 0.4]
    assert (frames[0].width, frames[0].height, frames[0].format.name) == (*size, "yuva420p")
    alpha = plane_view(frames[1], 3).astype(int)
    assert np.abs(alpha - levels).mean() < 4
    assert abs(plane_view(frames[1], 0)[size[1] // 2, size[0] // 2] - 120) <= 3
