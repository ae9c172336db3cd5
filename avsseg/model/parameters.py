"""How many numbers each part of the paper's Fig. 1 holds."""

from collections.abc import Iterable
from dataclasses import dataclass

from torch import nn

from avsseg.model.segmenter import AVSegmenter

EXTRA = "E_phi + E_psi + D_tau + eps_theta"


@dataclass(frozen=True, kw_only=True)
class ParameterRow:
    """One line of the table: a part by the paper's name, its parameters and those that train."""

    part: str
    parameters: int
    trainable: int


def parameter_table(model: AVSegmenter) -> list[ParameterRow]:
    """Rows of the parts that the model has, then what the diffusion adds, then the total.

    The paper counts 4M for E_phi, E_psi, D_tau and eps_theta together (section IV-B); that row is
    there for the kind ``ldm`` only.
    """
    rows = [_row(part, modules) for part, modules in _parts(model).items()]
    rows = [row for row in rows if row.parameters]
    if model.config.kind == "ldm":
        names = EXTRA.split(" + ")
        rows.append(_sum(EXTRA, (row for row in rows if row.part in names)))
    return [*rows, _row("total", [model])]


def _parts(model: AVSegmenter) -> dict[str, list[nn.Module | None]]:
    return {
        "backbone": [model.backbone],
        "neck": [model.necks],
        "TPAVI": [model.tpavis],
        "audio FiLM": [model.films],
        "category match": [model.match, model.match_hint],
        "E_phi": [model.latent_encoder],
        "E_psi": [model.condition],
        "D_tau": [model.expansion],
        "eps_theta": [model.denoiser],
        "layout of z": [model.layout, model.layout_hint],
        "CVAE": [model.cvae],
        "decoder": [model.decoder],
        "presence gate": [model.presence],
        "audio adapter": [model.audio_adapter],
        "sound context": [model.sound_context],
        "mixture hearing": [model.mixture],
        "audio encoder": [model.audio_encoder],
    }


def _row(part: str, modules: Iterable[nn.Module | None]) -> ParameterRow:
    parameters = [p for m in modules if m is not None for p in m.parameters()]
    return ParameterRow(
        part=part,
        parameters=sum(p.numel() for p in parameters),
        trainable=sum(p.numel() for p in parameters if p.requires_grad),
    )


def _sum(part: str, rows: Iterable[ParameterRow]) -> ParameterRow:
    rows = list(rows)
    return ParameterRow(
        part=part,
        parameters=sum(row.parameters for row in rows),
        trainable=sum(row.trainable for row in rows),
    )
