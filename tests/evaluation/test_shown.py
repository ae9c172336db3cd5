"""What a written film shows at some moments: the same as the film itself."""

import av
import numpy as np
import torch

from avsseg.checkpoint import load_checkpoint
from avsseg.evaluation.shown import masks_shown, on_display
from avsseg.listening import listen
from avsseg.media.clock import time_of
from avsseg.media.outputs import OutputSettings
from avsseg.media.planes import plane_view
from avsseg.media.reader import open_video
from avsseg.media.upsample import BilinearUpsampler
from avsseg.predict_file import predict_file
from avsseg.prediction import FILM_FPS, PredictSettings


def test_the_masks_are_those_of_the_written_film(tiny_checkpoint, make_film, tmp_path):
    """At moments of a prediction and between two, read back from the film of soft masks."""
    model, settings = load_checkpoint(tiny_checkpoint), PredictSettings(fps=FILM_FPS, gate=None)
    with torch.no_grad():  # else its masks are one grey
        model.decoder.head[-1].weight.mul_(200)
        model.presence.judge[-1].bias.fill_(8)
    film, times = make_film("film.mp4", seconds=3), [0.1, 0.5, 1.3, 2.9]
    outputs = OutputSettings(kinds=("matte",), with_sound=False, crf=1)
    predict_file(film, tmp_path / "out", model, settings, outputs)
    with open_video(film) as reader:
        profile = listen(reader, silent_ok=True)
        found = masks_shown(reader, model, settings, profile, times)
    with av.open(tmp_path / "out" / "matte.mp4") as container:
        frames = list(on_display(container.decode(video=0), times))
        written = [(plane_view(frame).astype(float) - 16) * 255 / 219 for frame in frames]
    for mask, levels in zip(found, written, strict=True):
        assert mask.std() > 0.01
        assert np.abs(levels - BilinearUpsampler()(mask, levels)).mean() < 2
    assert np.abs(found[1] - found[2]).max() > 0.01


def test_the_picture_on_display_is_the_last_one_that_has_come(make_film):
    """Also for a moment before the first and after the last one, and for several in one."""
    with open_video(make_film("film.mp4", seconds=3)) as reader:
        times = [float(time_of(f)) for f in reader.frames()]
        shown = [float(time_of(f)) for f in on_display(reader.frames(), [-1, 0.49, 0.5, 0.51, 9])]
    assert shown == [times[0], times[4], times[5], times[5], times[-1]]
