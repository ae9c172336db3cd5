"""Trains what follows the trunk of a network anew, with the latent and without, on equal steps.

    python examples/ablate_latent.py BANK FOLDER [--weights avsseg-compact] [--steps 450]
        [--seeds 1,2,3] [--jobs 2] [--count 120]

Both forms start from the same trunk (encoders, necks, FiLM, TPAVI, what names the kinds seen and
heard, and its hint) and from fresh numbers behind it: decoder and gate, and of the LDM also E_psi,
eps_theta and D_tau. What turns a mask into a latent and back, E_phi and the layout, is a first
stage that the LDM takes from the weights and holds. Both hold the encoders and what hears, and see
the same scenes with the same sounds, in pictures of 224, composed from the bank's train split as
``train_compact.toml`` does, about half of them made strange to the ear as in the last stage of what
ships; ``avsseg eval --bank`` scores them on its val split.

FOLDER gets settings.json, starts/, train/, eval/ and logs/. The same command goes on where it was
stopped, with a run that was cut short from its first step. A Markdown table ends it: mIoU in per
cent, mean (least to most) over seeds.
"""

import argparse
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from ablation_runs import keep_settings, run_avsseg, spread

FRESH = ("decoder", "presence", "expansion", "layout_hint", "condition", "denoiser")
HEARS = ("audio_adapter", "sound_context", "mixture", "match.hear")
HELD = {"ed": HEARS, "ldm": (*HEARS, "latent_encoder", "layout")}
ROWS = ("one", "two", "two_of_three", "onsets")

SETTINGS = {
    "init.backbone": "",
    "init.audio_encoder": "",
    "model.image_size": "224",
    "data.workers": "1",
    "data.replay.batch_frames": "30",
    "data.replay.new_pictures": "6",
    "data.replay.capacity": "3000",
    "data.replay.stored_maps": "4",
    "data.replay.clip_share": "0.7",
    "objective.strange_sounds": "0.55",
    "optimisation.freeze_backbone": "true",
    "optimisation.sizes": "[]",
    "optimisation.lr": "1e-3",
    "optimisation.ema": "0.99",
    "optimisation.warmup": "30",
    "optimisation.minutes": "0",
    "validation.every_steps": "-1",
    "validation.probes": "2",
    "validation.panels": "0",
}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two forms of a network on equal terms."""

    bank: Path
    folder: Path
    weights: str
    steps: int
    count: int

    def prepare(self) -> None:
        """Writes down what all runs of the folder have in common."""
        known = {
            "bank": str(self.bank.resolve()),
            "weights": self.weights,
            "steps": self.steps,
            "count": self.count,
        }
        keep_settings(self.folder / "settings.json", json.dumps(known | SETTINGS, indent=1))

    def finish(self, kind: str, seed: int) -> None:
        """Trains and scores one form with one seed, as far as that is not done."""
        name = f"{kind}-{seed}"
        run = self.folder / "train" / name
        if not (run / "best.safetensors").exists():  # written by the validation after the last step
            shutil.rmtree(run, ignore_errors=True)
            start = self._start(kind, seed)
            settings = SETTINGS | {
                "name": name,
                "model.kind": kind,
                "optimisation.held": json.dumps(HELD[kind]),
                "data.replay.bank": str(self.bank.resolve()),
                "optimisation.seed": str(seed),
                "optimisation.steps": str(self.steps),
            }
            pairs = [part for item in settings.items() for part in ("--set", "=".join(item))]
            recipe = Path(__file__).with_name("train_compact.toml")
            self._avsseg(name, "train", recipe, "--init-from", start, *pairs, "-o", run.parent)
        if not self._scores(name).exists():
            how = ("--count", self.count, "--frames", 5, "--seeds", 0, "--panels", 0)
            to = self._scores(name).parent
            best = run / "best.safetensors"
            self._avsseg(name, "eval", "--bank", self.bank, "-w", best, *how, "-o", to)

    def scores(self, kind: str, seed: int) -> dict[str, float]:
        """The means of one evaluation, by name."""
        found = json.loads(self._scores(f"{kind}-{seed}").read_text(encoding="utf-8"))
        means: dict[str, float] = found["means"]
        return means

    def _scores(self, name: str) -> Path:
        return self.folder / "eval" / name / "metrics.json"

    def _start(self, kind: str, seed: int) -> Path:
        """A checkpoint with fresh numbers in the parts that are trained anew."""
        import torch

        from avsseg.checkpoint import load_checkpoint, save_checkpoint
        from avsseg.model.build import build_model
        from avsseg.weights import resolve_weights

        known = load_checkpoint(resolve_weights(self.weights))
        torch.manual_seed(seed)
        fresh = build_model(replace(known.config, kind=kind, image_size=224))
        parts = tuple(f"{part}." for part in FRESH)
        kept = {n: w for n, w in known.state_dict().items() if not n.startswith(parts)}
        fresh.load_state_dict(kept, strict=False)
        path = self.folder / "starts" / f"{kind}-{seed}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        save_checkpoint(path, fresh, half=False)
        return path

    def _avsseg(self, log: str, *arguments: object) -> None:
        run_avsseg(self.folder / "logs" / f"{log}.txt", *arguments)


def table(ed: list[dict[str, float]], ldm: list[dict[str, float]]) -> str:
    """mIoU of each kind of scene in per cent, and what the latent gains, as Markdown."""
    lines = ["| scenes | E-D | LDM | gain | z = 0 | true z_0 |", "|---|---|---|---|---|---|"]
    for row in ROWS:
        key = f"t5_{row}"
        without = [100 * means[f"{key}_miou"] for means in ed]
        sampled, zero, true = (
            [100 * means[f"{key}_{name}"] for means in ldm]
            for name in ("miou", "zero_z", "oracle_z")
        )
        gains = [b - a for a, b in zip(without, sampled, strict=True)]
        cells = [spread(values) for values in (without, sampled, gains, zero, true)]
        lines.append(" | ".join((f"| {row.replace('_', ' ')}", *cells)) + " |")
    return "\n".join(lines)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bank", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", default="avsseg-compact", help="whose trunk is taken")
    parser.add_argument("--steps", type=int, default=450, help="of 30 frames, for each run")
    parser.add_argument("--seeds", default="1,2,3", help="one run of each form for each")
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side")
    parser.add_argument("--count", type=int, default=120, help="held-out scenes of each kind")
    asked = parser.parse_args()
    seeds = [int(seed) for seed in asked.seeds.split(",")]
    comparison = Comparison(
        bank=asked.bank,
        folder=asked.folder,
        weights=asked.weights,
        steps=asked.steps,
        count=asked.count,
    )
    comparison.prepare()
    with ThreadPoolExecutor(asked.jobs) as pool:
        queue = [(kind, seed) for seed in seeds for kind in ("ed", "ldm")]
        for future in [pool.submit(comparison.finish, *run) for run in queue]:
            future.result()
    print(table(*([comparison.scores(kind, s) for s in seeds] for kind in ("ed", "ldm"))))


if __name__ == "__main__":
    main()
