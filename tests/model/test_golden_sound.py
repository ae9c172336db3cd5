"""The sound's front end and VGGish against numbers of the published code."""

import numpy as np
import pytest
import torch

from avsseg.log_mel import benchmark_patches, log_mel
from avsseg.model.foreign import vggish_state
from avsseg.model.strict_load import load_strictly
from avsseg.model.vggish import LOG_OFFSET, VGGish


@pytest.fixture(scope="module")
def sound(golden):
    with np.load(golden / "log_mel_vggish.npz") as file:
        return dict(file)


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-6)], ids=["fp32", "fp64"]
)
def test_log_mel_of_benchmark_blocks_is_the_published_one(sound, dtype, tolerance):
    """Five seconds give AVSBench's five patches."""
    waveform = torch.from_numpy(sound["pcm_int16"] / 32768.0).to(dtype)

    ours = log_mel(benchmark_patches(waveform), LOG_OFFSET)

    assert ours.shape == (5, 1, 96, 64)
    wanted = sound["log_mel"]
    np.testing.assert_allclose(ours.numpy(), wanted, rtol=0, atol=tolerance * np.abs(wanted).max())


@pytest.mark.slow
def test_vggish_embeddings_are_the_published_ones(sound, fill):
    """Weights under their published names give the published embeddings."""
    net = VGGish().eval()
    shapes = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    load_strictly(net, vggish_state(fill(shapes)), source="golden weights")

    with torch.inference_mode():
        ours = net(torch.from_numpy(sound["log_mel"])).numpy()

    wanted = sound["embedding"]
    np.testing.assert_allclose(ours, wanted, rtol=0, atol=1e-3 * np.abs(wanted).max())
