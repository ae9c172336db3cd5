"""Whole AVSBench baselines, filled by name, against the logits of the published code."""

import zlib

import numpy as np
import pytest
import torch

from avsseg.model.build import build_model
from avsseg.model.foreign import avsbench_state
from avsseg.model.presets import preset
from avsseg.model.segmenter import PIXEL_MEAN, PIXEL_STD
from avsseg.model.strict_load import load_strictly

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("backbone", ["r50", "pvt"])
def test_baseline_logits_are_the_published_ones(backbone, golden, fill, reference_shapes):
    """A reference checkpoint gives the reference's logits within 1e-3 of their largest value."""
    model = build_model(preset(f"avsbench-{backbone}")).eval()
    state = avsbench_state(fill(reference_shapes(backbone)))
    load_strictly(model, state, source="golden weights", apart=("audio_encoder.",))
    rng = np.random.RandomState(zlib.crc32(b"inputs"))
    normalised = torch.from_numpy(rng.standard_normal((5, 3, 224, 224)).astype(np.float32))
    audio = torch.from_numpy(np.maximum(rng.standard_normal((1, 5, 128)), 0).astype(np.float32))
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (PIXEL_MEAN, PIXEL_STD))

    with torch.inference_mode():
        features = model.encode_frames((normalised * std + mean)[None])
        logits = model.decode(model.fuse(features, audio), None)[0, :, 0].numpy()

    truth = np.load(golden / f"avsbench_{backbone}_logits.npz")
    wanted = truth["logits_stride8"]
    np.testing.assert_allclose(
        logits[:, ::8, ::8], wanted, rtol=0, atol=1e-3 * np.abs(wanted).max()
    )
    assert logits.mean() == pytest.approx(float(truth["mean"]), rel=1e-3)
    assert logits.std() == pytest.approx(float(truth["std"]), rel=1e-3)
