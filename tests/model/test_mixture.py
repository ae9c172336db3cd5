"""Several sounds at once: what the correction is at first, and what it may depend on."""

from dataclasses import replace

import pytest
import torch

from avsseg.fast.network import fast_copy
from avsseg.model.build import build_model
from avsseg.model.config import ModelConfig
from avsseg.model.mixture import MAP_CHANNELS, PARTS_DIM, MixtureHearing, SoundParts
from avsseg.model.segmenter import AVSegmenter
from avsseg.model.yamnet import YAMNet

CONFIG = ModelConfig(
    kind="ed",
    backbone="tf_efficientnet_lite2",
    audio_encoder="yamnet",
    audio_hidden=16,
    image_size=64,
    channels=8,
    decoder="light",
    decoder_channels=8,
    categories=("dog", "guitar", "clock"),
    sound_context=True,
)
EMBEDDING = YAMNet.out_dim


def hearing(*, taught: bool = True) -> MixtureHearing:
    torch.manual_seed(1)
    module = MixtureHearing(EMBEDDING, 3).eval()
    if taught:
        torch.nn.init.normal_(module.tell.weight)
    return module


@pytest.fixture
def clip() -> tuple[torch.Tensor, torch.Tensor]:
    """Parts and embeddings of two clips of five seconds."""
    generator = torch.Generator().manual_seed(0)
    parts = torch.randn(2, 5, PARTS_DIM, generator=generator)
    return parts, torch.randn(2, 5, EMBEDDING, generator=generator)


def network(*, mixture: bool) -> AVSegmenter:
    """The same weights with and without an ear for mixtures."""
    torch.manual_seed(0)
    plain = build_model(CONFIG).eval()
    if not mixture:
        return plain
    grown = build_model(replace(CONFIG, mixture_hearing=True)).eval()
    grown.load_state_dict(plain.state_dict(), strict=False)
    return grown


def asked() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(3)
    return (
        torch.rand(1, 5, 3, 64, 64, generator=generator),
        torch.randn(1, 5, 1, 96, 64, generator=generator),
    )


def test_untaught_it_corrects_nothing():
    """A network that is given the part draws what it drew without."""
    with torch.inference_mode():
        assert torch.equal(network(mixture=True)(*asked()), network(mixture=False)(*asked()))


def test_taught_it_corrects_what_is_heard_and_nothing_else():
    """The kinds heard move by what is added; what is seen and the sound's code stay."""
    plain, grown = network(mixture=False), network(mixture=True)
    assert grown.mixture is not None
    grown.mixture.tell.bias.data = torch.tensor([2.0, 0.0, -1.0])
    frames, sound = asked()
    with torch.inference_mode():
        old, new = (
            net.fuse(net.encode_frames(frames), net.encode_audio(sound)) for net in (plain, grown)
        )
    assert old.match is not None and new.match is not None
    assert torch.allclose(new.match.heard - old.match.heard, torch.tensor([2.0, 0.0, -1.0]))
    assert torch.equal(new.match.seen, old.match.seen) and torch.equal(new.audio, old.audio)


def test_the_last_numbers_of_the_encoder_stay_what_they_were():
    """Parts stand before the embedding, so the tags are where others look for them."""
    plain, grown = network(mixture=False), network(mixture=True)
    _, sound = asked()
    with torch.inference_mode():
        old, new = plain.encode_audio(sound), grown.encode_audio(sound)
    assert new.shape[2] == PARTS_DIM + old.shape[2]
    assert torch.equal(new[..., PARTS_DIM:], old)


def test_the_fast_copy_hears_the_same():
    """The sound of the fast network is turned by 180 degrees, its parts' places are not."""
    grown = network(mixture=True)
    assert isinstance(grown.audio_encoder, YAMNet) and grown.audio_encoder.parts is not None
    torch.nn.init.normal_(
        grown.audio_encoder.parts.place, generator=torch.Generator().manual_seed(2)
    )
    _, sound = asked()
    with torch.inference_mode():
        wanted, found = grown.encode_audio(sound), fast_copy(grown).encode_audio(sound)
    assert torch.allclose(found, wanted, atol=1e-4)


def test_seconds_know_no_order(clip):
    """Seconds in another order are heard alike, in that order."""
    parts, embeddings = clip
    order, module = torch.tensor([3, 0, 4, 1, 2]), hearing()
    told = module(parts, embeddings)
    assert torch.allclose(module(parts[:, order], embeddings[:, order]), told[:, order], atol=1e-4)


def test_clips_do_not_hear_each_other_and_a_second_can_stand_alone(clip):
    """A clip is told the same whatever is beside it, of any number of seconds."""
    parts, embeddings = clip
    module = hearing()
    assert torch.allclose(
        module(parts, embeddings)[:1], module(parts[:1], embeddings[:1]), atol=1e-4
    )
    assert module(parts[:, :1], embeddings[:, :1]).shape == (2, 1, 3)


def test_another_second_is_heard(clip):
    """The way from one second's parts to what is told of another is open."""
    parts, embeddings = clip
    parts = parts.clone().requires_grad_()
    hearing()(parts, embeddings)[:, 0].square().sum().backward()
    assert parts.grad is not None and parts.grad[:, 4].abs().max() > 1e-4


def test_a_part_is_a_mean_over_places():
    """Of a map that is the same everywhere, and with no places told apart, all is one place."""
    torch.manual_seed(0)
    module = SoundParts().eval()
    for block in module.blocks:
        block.near.weight.data.zero_()  # neighbours, which the rim has fewer of
    maps = torch.rand(2, MAP_CHANNELS, 1, 1).expand(-1, -1, 6, 4)
    parts = module(maps).unflatten(1, (8, -1))
    assert torch.allclose(parts, parts[:, :1].expand_as(parts), atol=1e-5)


@pytest.mark.parametrize("change", [{"audio_encoder": "vggish"}, {"categories": ()}])
def test_it_is_nothing_without_yamnet_or_kinds(change):
    """Parts are read from YAMNet's maps, and what they correct is the kinds heard."""
    model = build_model(replace(CONFIG, mixture_hearing=True, **change)).eval()
    assert model.mixture is None
    assert not [name for name in model.state_dict() if name.startswith("audio_encoder.parts")]
    with torch.inference_mode():
        assert bool(model(*asked()).isfinite().all())
