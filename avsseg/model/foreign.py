"""Published weights in this network's names: pure key renames, no file is opened.

Each function takes the state dict of a public release and returns one for ``load_strictly``; what
a release holds and this network does not run is dropped by name, any other key is an error.
"""

from collections.abc import Mapping

from torch import Tensor

from avsseg.errors import CheckpointError

Prefixes = dict[str, str | None]
"""Old prefix to new prefix; None drops the key."""


def avsbench_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """AVSBench's ``Pred_endecoder``, either backbone, as an ``AVSegmenter`` but for the sound.

    Dropped are the parts that AVSBench allocates and never runs: the second branch of its
    ResNet-50 (``layer3_2``, ``layer4_2``) and ``path4.resConfUnit1``. VGGish is a file of its own.

    Raises:
        CheckpointError: if a key is none of AVSBench's.
    """
    return _renamed(state, _AVSBENCH, source="AVSBench")


def vggish_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``vggish-10086976.pth`` as a ``VGGish``; its names are ours.

    Raises:
        CheckpointError: if a key is none of VGGish's.
    """
    return _renamed(state, _VGGISH, source="VGGish")


def resnet_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A ResNet-50 of torchvision or timm as a ``Backbone``, without its classifier.

    Raises:
        CheckpointError: if a key is none of a ResNet's.
    """
    return _renamed(state, _RESNET, source="ResNet")


def pvt_v2_state(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``pvt_v2_b0..b5``, as released or as timm names them, as a ``Backbone``, no classifier.

    Raises:
        CheckpointError: if a key is none of a PVTv2's.
    """
    return _renamed(state, _PVT, source="PVTv2")


def _same(*names: str) -> Prefixes:
    return {name: name for name in names}


def _under(old: str, new: str, prefixes: Prefixes) -> Prefixes:
    """The same renames for keys below another module."""
    return {old + k: None if v is None else new + v for k, v in prefixes.items()}


def _renamed(state: Mapping[str, Tensor], prefixes: Prefixes, *, source: str) -> dict[str, Tensor]:
    renamed: dict[str, Tensor] = {}
    unknown: list[str] = []
    for key, tensor in state.items():
        old = next((prefix for prefix in prefixes if key.startswith(prefix)), None)
        if old is None:
            unknown.append(key)
        elif (new := prefixes[old]) is not None:
            tail = key.removeprefix(old).replace("mlp.dwconv.dwconv.", "mlp.dwconv.")
            renamed[new + tail] = tensor
    if unknown:
        raise CheckpointError(
            f"{len(unknown)} of {len(state)} keys are not {source}'s: {', '.join(unknown[:3])}; "
            "take the file that belongs to this network."
        )
    return renamed


_TRUNK = _same("conv1.", "bn1.", "layer1.", "layer2.")
_RESNET = _under("", "net.", _TRUNK | _same("layer3.", "layer4.")) | {"fc.": None}
_TWO_BRANCHES: Prefixes = _TRUNK | {
    "layer3_1.": "layer3.",
    "layer4_1.": "layer4.",
    "layer3_2.": None,
    "layer4_2.": None,
}

_PVT_RELEASED: Prefixes = {"patch_embed1.": "patch_embed."}
for _n in range(1, 5):
    _PVT_RELEASED |= {
        f"block{_n}.": f"stages_{_n - 1}.blocks.",
        f"norm{_n}.": f"stages_{_n - 1}.norm.",
    }
    if _n > 1:
        _PVT_RELEASED[f"patch_embed{_n}."] = f"stages_{_n - 1}.downsample."
_PVT_TIMM = _same("patch_embed.") | {f"stages.{n}.": f"stages_{n}." for n in range(4)}
_PVT = _under("", "net.", _PVT_RELEASED | _PVT_TIMM) | {"head.": None}

_VGGISH = _same("features.", "embeddings.")

_AVSBENCH: Prefixes = {
    **_under("resnet.", "backbone.net.", _TWO_BRANCHES),
    **_under("encoder_backbone.", "backbone.net.", _PVT_RELEASED),
    **{f"conv{n}.": f"necks.{n - 1}." for n in range(1, 5)},
    **{f"tpavi_b{n}.": f"tpavis.{n}." for n in range(1, 5)},
    "path4.resConfUnit1.": None,
    **{f"path{n}.": f"decoder.path{n}." for n in range(1, 5)},
    "output_conv.": "decoder.output_conv.",
}
