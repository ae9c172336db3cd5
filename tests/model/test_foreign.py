"""Renames of published weights, on their full key lists; shapes alone, so it takes a moment."""

import pytest
import torch
from torch import Tensor

from avsseg.errors import CheckpointError
from avsseg.model.backbone import Backbone
from avsseg.model.build import build_model
from avsseg.model.foreign import avsbench_state, pvt_v2_state, resnet_state, vggish_state
from avsseg.model.presets import preset
from avsseg.model.strict_load import load_strictly
from avsseg.model.vggish import VGGish


def empty_state(shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    return {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}


def on_meta(make):
    with torch.device("meta"):
        return make()


@pytest.fixture(scope="module")
def r50_state(reference_shapes):
    return empty_state(reference_shapes("r50"))


@pytest.mark.parametrize("backbone", ["r50", "pvt"])
def test_every_reference_key_finds_its_place(backbone, reference_shapes):
    """Both AVSBench key lists fit our baselines strictly, the sound's encoder apart."""
    model = on_meta(lambda: build_model(preset(f"avsbench-{backbone}")))
    state = avsbench_state(empty_state(reference_shapes(backbone)))

    load_strictly(model, state, source="AVSBench", apart=("audio_encoder.",))

    wanted = {k for k in model.state_dict() if not k.startswith("audio_encoder.")}
    assert set(state) == wanted


def test_only_what_never_runs_is_dropped(r50_state):
    """The dropped keys are the second branch and path4's first unit, all of them by name."""
    kept = {id(tensor) for tensor in avsbench_state(r50_state).values()}
    dropped = {name for name, tensor in r50_state.items() if id(tensor) not in kept}

    unused = ("resnet.layer3_2.", "resnet.layer4_2.", "path4.resConfUnit1.")
    assert dropped == {name for name in r50_state if name.startswith(unused)}
    assert len(dropped) > 100


def test_strangers_are_named_not_skipped(r50_state):
    """A key that is nobody's ends the load with its name."""
    with pytest.raises(CheckpointError, match=r"2 of 632 keys are not AVSBench's: x\.a, x\.b"):
        avsbench_state(r50_state | empty_state({"x.a": (1,), "x.b": (1,)}))


@pytest.mark.filterwarnings("ignore:for net.*no-op")
def test_published_resnet_fits_the_backbone():
    """A ResNet-50's own names, old files without batch counters included; no classifier."""
    net = on_meta(lambda: Backbone("resnet50"))
    names = {k.removeprefix("net."): tuple(v.shape) for k, v in net.state_dict().items()}
    old = {k: v for k, v in names.items() if not k.endswith("num_batches_tracked")}
    classifier = {"fc.weight": (1000, 2048), "fc.bias": (1000,)}

    for published in (names, old):
        load_strictly(net, resnet_state(empty_state(published | classifier)), source="ResNet-50")


def test_published_pvt_fits_the_backbone(reference_shapes):
    """``pvt_v2_b5.pth`` has the names that AVSBench keeps below its encoder, and a head."""
    net = on_meta(lambda: Backbone("pvt_v2_b5"))
    prefix = "encoder_backbone."
    shapes = {
        name.removeprefix(prefix): shape
        for name, shape in reference_shapes("pvt").items()
        if name.startswith(prefix)
    }

    state = pvt_v2_state(empty_state(shapes | {"head.weight": (1000, 512), "head.bias": (1000,)}))

    load_strictly(net, state, source="pvt_v2_b5.pth")


def test_timm_pvt_fits_the_backbone():
    """timm's own classifier loads into the backbone as well."""
    timm = pytest.importorskip("timm")
    net = on_meta(lambda: Backbone("pvt_v2_b0"))
    whole = on_meta(lambda: timm.create_model("pvt_v2_b0"))

    load_strictly(net, pvt_v2_state(whole.state_dict()), source="timm's pvt_v2_b0")


def test_vggish_names_are_ours():
    """The published VGGish loads as it is, and its separate PCA is refused."""
    net = on_meta(VGGish)
    state = dict(net.state_dict())

    load_strictly(net, vggish_state(state), source="VGGish")
    with pytest.raises(CheckpointError, match="not VGGish's: pca_means"):
        vggish_state(state | {"pca_means": torch.zeros(128)})


@pytest.mark.parametrize("rename", [avsbench_state, resnet_state, pvt_v2_state, vggish_state])
def test_renames_leave_their_input_alone(rename):
    """The functions are pure: the caller's dict stays as it was."""
    state: dict[str, Tensor] = {}

    assert rename(state) == {}
    assert state == {}
