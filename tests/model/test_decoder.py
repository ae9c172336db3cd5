"""The decoders and D_tau: sizes, the published quirk, and where the latent enters."""

import pytest
import torch
import torch.nn.functional as F

from avsseg.model.decoder import (
    FeatureFusionBlock,
    LatentExpansion,
    LightDecoder,
    MaskDecoder,
    ResidualConvUnit,
)


def maps(channels: int = 8, side: int = 64) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [
        torch.randn(2, channels, side // s, side // s, generator=generator) for s in (4, 8, 16, 32)
    ]


@pytest.mark.parametrize("classes", [1, 71])
@pytest.mark.parametrize("light", [False, True])
def test_logits_have_the_pictures_size(classes, light):
    """From strides 4 to 32 back to every pixel, for any number of classes."""
    decoder = LightDecoder(8, 4, classes) if light else MaskDecoder(8, classes)

    assert decoder(maps()).shape == (2, classes, 64, 64)


def test_residual_unit_adds_the_rectified_input():
    """AVSBench's in-place ReLU: what is added is relu(x), and the caller's tensor stays."""
    unit = ResidualConvUnit(4)
    torch.nn.init.zeros_(unit.conv2.weight)
    torch.nn.init.zeros_(unit.conv2.bias)
    x = torch.randn(1, 4, 5, 5)
    before = x.clone()

    torch.testing.assert_close(unit(x), F.relu(x))
    assert torch.equal(x, before)


def test_fusion_block_doubles_with_aligned_corners():
    """Corners keep their values, as in the published block."""
    block = FeatureFusionBlock(4, with_skip=True)
    for unit in (block.resConfUnit1, block.resConfUnit2):
        torch.nn.init.zeros_(unit.conv2.weight)
        torch.nn.init.zeros_(unit.conv2.bias)
    coarse, fine = torch.rand(1, 4, 3, 3), torch.rand(1, 4, 3, 3)

    out = block(coarse, fine)

    assert out.shape == (1, 4, 6, 6)
    torch.testing.assert_close(out[..., ::5, ::5], (coarse + fine)[..., ::2, ::2])


def test_deepest_block_has_no_skip():
    """Nothing lies below stride 32; the unit that AVSBench allocates there is not made."""
    assert MaskDecoder(8, 1).path4.resConfUnit1 is None


def test_fresh_expansion_passes_the_map_on():
    """D_tau starts close to the deterministic network, and the latent is heard at every place."""
    torch.manual_seed(0)
    net = LatentExpansion(8, 4)
    deepest, z_0 = torch.randn(2, 8, 5, 5), torch.randn(2, 4).tanh()

    fused = net(deepest, z_0)
    moved = net(deepest, -z_0)

    similarity = F.cosine_similarity(fused.flatten(1), deepest.flatten(1))
    assert float(similarity.detach().min()) > 0.9
    assert bool((fused != moved).any(dim=1).all())


def test_expansion_tiles_one_latent_over_the_map():
    """Away from the border the latent acts alike everywhere."""
    net = LatentExpansion(8, 4)

    change = net(torch.zeros(1, 8, 7, 7), torch.randn(1, 4)) - net(
        torch.zeros(1, 8, 7, 7), torch.zeros(1, 4)
    )
    inner = change[..., 2:5, 2:5]

    torch.testing.assert_close(inner, inner[..., :1, :1].expand_as(inner))


def test_classes_of_the_light_decoder_commute_with_the_upsampling():
    """It predicts at stride 4; a map that is one value everywhere stays so at full size."""
    decoder = LightDecoder(8, 4, 1).eval()

    flat = decoder([torch.zeros_like(m) for m in maps()])

    inner = flat[..., 24:40, 24:40]
    torch.testing.assert_close(inner, inner[..., :1, :1].expand_as(inner))
