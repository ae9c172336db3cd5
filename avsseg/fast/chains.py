"""Which batch norm and which activation follow a convolution and read nothing else."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from torch import Tensor, nn

from avsseg.fast.convolution import is_known


@dataclass(frozen=True, kw_only=True)
class Chain:
    """A convolution with what can be done in the same go, by their names within a module."""

    conv: str
    norm: str | None = None
    act: str | None = None


@dataclass
class _Flow:
    """Which module read whose output, and how often each was called."""

    readers: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    calls: Counter[str] = field(default_factory=Counter)


def chains_in_flow(net: nn.Module, run: Callable[[], object]) -> list[Chain]:
    """The chains of a network, seen as ``run`` sends a picture through it.

    What reads a tensor without being a module is not seen: compare results afterwards.
    """
    flow = _watched(net, run)
    return [_chain(net, name, flow) for name, module in net.named_modules() if is_conv(module)]


def chains_in_sequences(net: nn.Module) -> list[Chain]:
    """The chains of a network that are written as neighbours in an ``nn.Sequential``."""
    flow = _Flow()
    for name, module in net.named_modules():
        flow.calls[name] = 1
        if isinstance(module, nn.Sequential):
            prefix = f"{name}." if name else ""
            for (before, _), (after, _) in pairwise(module.named_children()):
                flow.readers[prefix + before].append(prefix + after)
    return [_chain(net, name, flow) for name, module in net.named_modules() if is_conv(module)]


def is_conv(module: nn.Module) -> bool:
    """Whether it is a plain 2-d convolution, padded with zeros or as TensorFlow does."""
    if not isinstance(module, nn.Conv2d) or isinstance(module.padding, str):
        return False
    return module.padding_mode == "zeros" and (type(module) is nn.Conv2d or pads_same(module))


def pads_same(module: nn.Module) -> bool:
    """Whether it is timm's convolution that pads as TensorFlow does, by the size of its input."""
    return type(module).__name__ == "Conv2dSame"


def _chain(net: nn.Module, conv: str, flow: _Flow) -> Chain:
    norm = _only_reader(net, conv, flow, _is_norm)
    if norm is not None and hasattr(net.get_submodule(norm), "act"):  # timm's norm with activation
        act = f"{norm}.act"
        return Chain(conv=conv, norm=norm, act=act if is_known(net.get_submodule(act)) else None)
    return Chain(conv=conv, norm=norm, act=_only_reader(net, norm or conv, flow, is_known))


def _only_reader(
    net: nn.Module, name: str, flow: _Flow, wanted: Callable[[nn.Module], bool]
) -> str | None:
    readers = flow.readers.get(name, [])
    if len(readers) != 1 or flow.calls[name] != 1 or flow.calls[readers[0]] != 1:
        return None
    return readers[0] if wanted(net.get_submodule(readers[0])) else None


def _is_norm(module: nn.Module) -> bool:
    return isinstance(module, nn.BatchNorm2d) and module.running_mean is not None


def _watched(net: nn.Module, run: Callable[[], object]) -> _Flow:
    flow = _Flow()
    made: dict[int, tuple[str, Tensor]] = {}  # holds the tensors, so that no id is used twice

    def hook(name: str) -> Callable[[nn.Module, tuple[Any, ...], Any], None]:
        def see(_: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            flow.calls[name] += 1
            if inputs and id(inputs[0]) in made:
                flow.readers[made[id(inputs[0])][0]].append(name)
            if isinstance(output, Tensor):
                made[id(output)] = name, output

        return see

    handles = [module.register_forward_hook(hook(name)) for name, module in _doers(net)]
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    return flow


def _doers(net: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Modules that compute something themselves."""
    for name, module in net.named_modules():
        leaf = next(module.children(), None) is None
        if (leaf or _is_norm(module)) and not isinstance(module, nn.Identity):
            yield name, module
