"""The audio encoder's word at the gate, from an encoder with names and from one without."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
import torch

from avsseg.clip import Clip
from avsseg.gate import SoundGate
from avsseg.hearing import Hearing
from avsseg.inference import segment_clips
from avsseg.joining import in_time_order
from avsseg.media.sound import SoundProfile
from avsseg.model.build import build_model
from avsseg.moments import Moment


@pytest.fixture(scope="module")
def nameless(tiny_config):
    """A network whose audio encoder is VGGish, with random weights."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_model(dataclasses.replace(tiny_config, audio_encoder="vggish")).eval()


@pytest.fixture
def gate():
    """Of a film of 40 s that is loud for its first second, then soft but for no silence."""
    levels = np.full(400, -45, np.float32)
    levels[:10] = -20
    return SoundGate(SoundProfile(hops=np.arange(400), levels=levels, loudest=-20.0, peak=1.0))


def moments(model, waves):
    """What the network finds in one clip of grey pictures, one wave for each."""
    size = model.config.image_size
    clip = Clip(
        frames=np.full((5, size, size, 3), 128, np.uint8),
        waveform=np.stack(waves).astype(np.float32),
        times=tuple(map(Fraction, range(5))),
        num_valid=5,
        index=0,
    )
    return list(in_time_order(segment_clips(model, [clip]), stride=1, num_frames=5))


def test_a_nameless_encoder_tells_silence_from_sound(nameless, gate):
    """What it makes of zeros shuts the gate even where the film is loud; noise does not."""
    noise = np.random.default_rng(0).normal(0, 0.3, 15600)
    found = moments(nameless, [np.zeros(15600), noise, noise, noise, noise])
    assert all(m.heard is None and m.embedding.shape == (128,) for m in found)

    hearing = Hearing(gate, nameless)
    assert gate.at(Fraction(0)) == 1
    hearing.tell(found[0])
    assert gate.at(Fraction(0)) == 0
    hearing.tell(dataclasses.replace(found[1], time=Fraction(5)))
    assert gate.at(Fraction(5)) == 0


def test_a_new_sound_under_the_threshold_opens_the_gate(nameless, gate):
    """After some seconds of background, a soft call that the loudness rule passes over."""
    rng, hearing = np.random.default_rng(0), Hearing(gate, nameless)
    background, call = rng.random((2, 128)).astype(np.float32)

    def tell(time, heard):
        unrest = rng.normal(0, 0.01, 128).astype(np.float32)
        mask = np.zeros((2, 2), np.float32)
        hearing.tell(Moment(time=Fraction(time), mask=mask, embedding=heard + unrest))
        return gate.at(Fraction(time))

    assert [tell(time, background) for time in range(3, 20)] == [0] * 17
    assert tell(20, call) == 1
    assert tell(21, background) == 0


def test_an_encoder_with_names_gives_its_classes(tiny_checkpoint):
    """And no embedding, as those say more."""
    from avsseg.checkpoint import load_checkpoint

    found = moments(load_checkpoint(tiny_checkpoint), [np.zeros(15600)] * 5)
    assert all(m.embedding is None and m.heard.shape == (521,) for m in found)
