"""One TPAVI, filled by its own names, against the published code's output."""

import numpy as np
import torch

from avsseg.model.strict_load import load_strictly
from avsseg.model.tpavi import TPAVI


def test_tpavi_output_is_the_published_one(golden, fill):
    """Weights under their published names give the published map at C = 32."""
    with np.load(golden / "tpavi_c32.npz") as file:
        numbers = {name: torch.from_numpy(value) for name, value in file.items()}
    net = TPAVI(32).eval()
    shapes = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    load_strictly(net, fill(shapes), source="golden weights")

    with torch.inference_mode():
        fused, _ = net(numbers["visual"].movedim(1, 2), numbers["audio"])

    wanted = numbers["out"].movedim(1, 2)
    torch.testing.assert_close(fused, wanted, rtol=0, atol=1e-5 * float(wanted.abs().max()))
