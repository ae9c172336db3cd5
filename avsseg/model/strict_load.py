"""Loading weights so that nothing is silently missing, left over or of another shape."""

from collections.abc import Mapping

from torch import Tensor, nn

from avsseg.errors import CheckpointError

_SHOWN = 3
_COUNTER = "num_batches_tracked"  # absent from weights older than torch 0.4.1, and never used


def load_strictly(
    module: nn.Module, state: Mapping[str, Tensor], *, source: str, apart: tuple[str, ...] = ()
) -> None:
    """Copies ``state`` into ``module`` in the module's own precision.

    ``source`` is what a message calls the weights; ``apart`` are prefixes of the module's keys
    that other weights bring (``audio_encoder.``).

    Raises:
        CheckpointError: naming the first few keys that are missing, unexpected or misshapen.
    """
    wanted = {k: v for k, v in module.state_dict().items() if not k.startswith(apart)}
    missing = [k for k in wanted if k not in state and not k.endswith(_COUNTER)]
    unexpected = [k for k in state if k not in wanted]
    misshapen = [
        f"{k} {tuple(state[k].shape)} for {tuple(wanted[k].shape)}"
        for k in wanted
        if k in state and state[k].shape != wanted[k].shape
    ]
    faults = {"missing": missing, "unexpected": unexpected, "of another shape": misshapen}
    told = [f"{len(keys)} {what} ({_first(keys)})" for what, keys in faults.items() if keys]
    if told:
        raise CheckpointError(
            f"{source} does not fit this network: {'; '.join(told)}; "
            "take the file or the configuration that belongs to it."
        )
    module.load_state_dict(dict(state), strict=False)


def _first(keys: list[str]) -> str:
    return ", ".join(keys[:_SHOWN]) + (", .." if len(keys) > _SHOWN else "")
