"""From a film to its marked pictures: the gate between predictions, refinement, names, doubt."""

import csv
import dataclasses
from fractions import Fraction

import av
import numpy as np
import pytest
import torch

from avsseg.checkpoint import load_checkpoint
from avsseg.film_masks import _pauses
from avsseg.gate import SoundGate
from avsseg.media.outputs import OutputSettings
from avsseg.media.sound import measure_sound
from avsseg.painting import Captions
from avsseg.predict_file import predict_file
from avsseg.prediction import Prediction, PredictSettings
from avsseg.sound_classes import HeardEvent


@pytest.fixture(scope="module")
def model(tiny_checkpoint):
    """A network that marks the whole picture, whatever is heard, and names nothing."""
    model = load_checkpoint(tiny_checkpoint)
    with torch.no_grad():
        model.decoder.head[-1].weight.zero_()
        model.decoder.head[-1].bias.fill_(8)
        model.presence.judge[-1].weight.zero_()
        model.presence.judge[-1].bias.fill_(8)
        model.audio_encoder.fc.weight.zero_()
        model.audio_encoder.fc.bias.fill_(-9)
    return model


@pytest.fixture
def film(make_film):
    """Four seconds; a tone sounds in the second and the fourth, over a faint noise."""
    unrest = np.random.default_rng(0)

    def wave(seconds):
        on = (seconds % 2) >= 1
        return 0.2 * np.sin(2000 * seconds) * on + unrest.normal(0, 0.001, len(seconds))

    def still(number, size):
        return np.full((size[1], size[0], 3), 120, np.uint8)

    return make_film(seconds=Fraction(4), picture=still, sounds=({"wave": wave},))


def predict(film, tmp_path, model, *kinds, settings=None, **look):
    outputs = OutputSettings(kinds=kinds, with_sound=False, **look)
    settings = settings or PredictSettings(fps=Fraction(4))
    predict_file(film, tmp_path / "out", model, settings, outputs)
    return tmp_path / "out"


def brightness(path):
    with av.open(path) as container:
        return [
            float(frame.to_ndarray(format="gray", threads=1).mean()) for frame in container.decode()
        ]


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("refine", [False, True])
def test_masks_come_and_go_with_the_sound_from_picture_to_picture(film, tmp_path, model, refine):
    """Marked exactly while the tone is on, but for the ramps: 0.1 s before, 0.3 s after."""
    out = predict(film, tmp_path, model, "mask-video", "csv", refine=refine)
    shown = np.array(brightness(out / "mask.mp4")) > 128
    expected = (np.arange(40) // 10) % 2 == 1
    ramps = np.isin(np.arange(40), (9, 20, 21, 22, 29))
    np.testing.assert_array_equal(shown[~ramps], expected[~ramps])
    rows = rows_of(out / "frames.csv")
    assert [float(r["area"]) > 0.9 for r in rows if float(r["sounding"]) in (0, 1)] == [
        float(r["sounding"]) == 1 for r in rows if float(r["sounding"]) in (0, 1)
    ]


def test_without_the_gate_masks_stay(film, tmp_path, model):
    """What the network says is shown throughout."""
    settings = PredictSettings(fps=Fraction(4), gate=None)
    out = predict(film, tmp_path, model, "mask-video", settings=settings)
    assert min(brightness(out / "mask.mp4")) > 200


def test_refined_masks_are_written_for_every_moment(film, tmp_path, model):
    """Each when its own picture is at hand; as many as without refinement."""
    out = predict(film, tmp_path, model, "masks", "csv", refine=True)
    assert len(list((out / "masks").glob("*.png"))) == len(rows_of(out / "frames.csv")) == 16


def test_every_further_output_is_written(film, tmp_path, tiny_checkpoint):
    """Doubt in colours, stretches, subtitles and regions, with all that goes into them."""
    settings = PredictSettings(fps=Fraction(2), samples=2, smooth=0.5, with_muted=True)
    model = load_checkpoint(tiny_checkpoint)
    kinds = ("heat", "segments", "srt", "regions", "csv")
    out = predict(film, tmp_path, model, *kinds, settings=settings, labels=True)
    assert len(brightness(out / "heat.mp4")) == 40
    assert {"segments.csv", "sounding.srt", "regions.csv"} <= {p.name for p in out.iterdir()}
    assert all(0 <= float(row["disagreement"]) <= 1 for row in rows_of(out / "frames.csv"))


def test_regions_tell_what_is_left_without_sound(film, tmp_path, model):
    """This network marks all with and without sound: nothing is lost, one part keeps its number."""
    settings = PredictSettings(fps=Fraction(2), with_muted=True)
    rows = rows_of(predict(film, tmp_path, model, "regions", settings=settings) / "regions.csv")
    assert {row["region"] for row in rows} == {"1"}
    assert {float(row["sound_score"]) for row in rows} == {0.0}


def found(time, *heard):
    mask = np.zeros((2, 2), np.float32)
    events = tuple(HeardEvent(name=name, score=score) for name, score in heard)
    return Prediction(
        index=0,
        time=Fraction(time),
        mask=mask,
        raw=mask,
        sounding=1.0,
        loudness_db=None,
        heard=events,
    )


def test_pictures_are_named_by_the_nearest_prediction():
    """With its scores; no line where nothing has a name."""
    captions = Captions()
    assert captions.at(Fraction(0)) == ()
    captions.add(found(0, ("Dog", 0.93), ("Bark", 0.8)))
    captions.add(found(1))
    assert [label.text for label in captions.at(Fraction(1, 3))] == ["Dog 0.93; Bark 0.80"]
    assert captions.at(Fraction(2, 3)) == captions.at(Fraction(9)) == ()


def test_pauses_begin_after_the_fade_and_end_before_the_entry(film):
    """So a mask that fades is still its own stretch's."""
    gate = SoundGate(measure_sound(film))
    assert _pauses(None) == []
    assert [round(float(time), 6) for time in _pauses(gate)] == [0.9, 2.3, 2.9, 4.3]


def test_settings_out_of_range_are_refused():
    """No samples, or time that runs backwards."""
    for wrong in ({"samples": 0}, {"smooth": -1.0}):
        with pytest.raises(Exception, match="samples must be at least 1"):
            dataclasses.replace(PredictSettings(), **wrong)
