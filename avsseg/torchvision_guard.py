"""Lets torchvision, and with it timm, import beside a torch that its binaries were not built for.

PyPI's Linux wheels of torchvision are linked to CUDA; beside a CPU-only torch their compiled
operators never load and the import fails on ``operator torchvision::nms does not exist``. Nothing
here needs those operators, so declaring their names is enough. A healthy torchvision is untouched.
"""

import sys
from typing import Any, Literal

TorchvisionState = Literal["native", "guarded", "absent"]

_OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold, float dets_scale,"
    " int dets_zero_point) -> Tensor",
)

_declared: list[Any] = []  # a torch Library takes its operators with it when it is collected


def ensure_torchvision() -> TorchvisionState:
    """Makes ``import torchvision`` work where it can; call it before timm is imported.

    Returns:
        "native" when torchvision is whole, "guarded" when its compiled operators are only
        declared (calling one still raises), "absent" when it is not installed.

    Raises:
        RuntimeError: as torchvision raised it, when the failure is another one.
    """
    try:
        import torchvision
    except ModuleNotFoundError as error:
        if error.name != "torchvision":
            raise
        return "absent"
    except RuntimeError as error:
        if "operator torchvision::" not in str(error):
            raise
        _declare_operators()
        import torchvision  # noqa: F401
    return "guarded" if _declared else "native"


def _declare_operators() -> None:
    import torch

    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    library_type: Any = torch.library.Library  # untyped in torch
    library = library_type("torchvision", "FRAGMENT")
    for operator in _OPERATORS:
        library.define(operator)
    _declared.append(library)
