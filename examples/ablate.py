"""Trains the paper's ablations (Tables II, III, IV and VI) small, on equal steps, and scores them.

    python examples/ablate.py BANK FOLDER --backbone FILE --audio-encoder FILE [--clips 500,1,120]
        [--steps 320] [--seeds 1,2,3] [--jobs 2] [--only ed,ldm] [--minutes 60]

From a bank in the layout of ``avsseg data synth -h`` it composes an MS3 set, keeps what the frozen
encoders make of it, trains each network with each seed, and scores the running mean of its weights
at the last step on the test split: mIoU over all frames, where an empty truth scores the share of
pixels left empty, mIoU over the frames with something to mark, and F-score, each the mean of three
sampling seeds. The trunk is the compact one without its two parts beyond the paper, narrower and
on smaller pictures (see ``BASE``); the latent part is the paper's: epsilon, tanh, RGB condition.
Each run computes on one thread, and ``--jobs`` of them go side by side.

FOLDER gets data/, features/, base.toml, runs/, eval/, logs/ and results.csv, a row for each network
that is trained and scored. The same command goes on where it was stopped, with a run that was cut
short from its first step; nothing begins after ``--minutes``. A Markdown table ends it: mean (least
to most) over seeds.
"""

import argparse
import csv
import json
import shutil
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from ablation_runs import keep_settings, run_avsseg, spread

NUM_FRAMES, BATCH = 5, 6
SCORES = ("miou", "miou_sounding", "f")
COLUMNS = ("variant", "seed", "steps", "frames", "train_s", "eval_s", *SCORES)

# by name: where it is in the paper, and its settings
VARIANTS: dict[str, tuple[str, dict[str, str]]] = {
    "ed": ("II: E-D", {"model.kind": "ed"}),
    "cvae": ("II: CVAE", {"model.kind": "cvae"}),
    "ldm": ("II, III, IV, VI: LDM, audio-visual, D = 24", {}),
    "contrastive": ("IV: LDM with contrastive", {"objective.contrastive_weight": "0.1"}),
    "none": ("III: condition none", {"model.condition": "none"}),
    "audio": ("III: condition audio", {"model.condition": "audio"}),
    "visual": ("III: condition visual", {"model.condition": "visual"}),
    "latent8": ("VI: D = 8", {"model.latent_dim": "8"}),
    "latent16": ("VI: D = 16", {"model.latent_dim": "16"}),
    "latent32": ("VI: D = 32", {"model.latent_dim": "32"}),
    "own": (
        "not there: LDM whose decoder mostly sees its own samples in training",
        {
            "objective.latent_z0": "0.15",
            "objective.latent_x0": "0.25",
            "objective.latent_sample_grad": "0.6",
        },
    ),
    "shipped": (
        "not there: the latent part that ships, z drawn as a coarse mask",
        {
            "model.latent_layout": "true",
            "model.condition_source": "features",
            "model.latent_bound": "running",
            "model.latent_hidden": "256",
            "model.prediction_type": "sample",
            "model.noise_scope": "video",
            "objective.latent_z0": "0.0",
            "objective.latent_x0": "0.0",
            "objective.latent_sample_grad": "1.0",
            "objective.layout_weight": "1.0",
            "objective.contrastive_weight": "0.4",
            "objective.memory_bank": "256",
            "objective.contrastive_through_latent": "false",
        },
    ),
}
# In this order, and within a stage seed by seed, so that what is there when time is up is whole.
STAGES: tuple[tuple[str, ...], ...] = (
    ("ed", "ldm", "cvae", "contrastive"),
    ("none", "audio", "visual"),
    *(("own",), ("shipped",), ("latent8",), ("latent32",), ("latent16",)),
)

BASE = """\
name = "base"

[model]
preset = "compact"
image_size = 128
channels = 48
decoder_channels = 32
categories = []
latent_layout = false
condition_source = "rgb"
latent_bound = "tanh"
latent_hidden = 512
prediction_type = "epsilon"
noise_scope = "frame"

[init]
backbone = {backbone}
audio_encoder = {audio_encoder}

[data]
workers = 0

[data.avsbench]
root = {data}
subset = "ms3"
sound = "wav"
feature_cache = {features}

[objective]
contrastive_weight = 0.0
dice_weight = 0.7
presence_weight = 0.3
cvae_anneal_steps = {anneal}

[optimisation]
optimizer = "adamw"
lr = 1e-3
weight_decay = 0.01
schedule = "cosine"
warmup = 20
steps = {steps}
batch = {batch}
clip_norm = 2.0
ema = 0.98
precision = "bf16"
freeze_backbone = true

[validation]
every_steps = -1
clips = 1
panels = 0
"""


@dataclass(frozen=True, kw_only=True)
class Ablation:
    """A folder of runs on equal terms."""

    bank: Path
    folder: Path
    backbone: Path
    audio_encoder: Path
    clips: str
    steps: int
    minutes: float
    began: float = field(default_factory=time.monotonic)
    lock: Lock = field(default_factory=Lock)

    @property
    def results(self) -> Path:
        """A row for each network that is trained and scored."""
        return self.folder / "results.csv"

    def prepare(self) -> None:
        """Settings, clips and features, as far as they are not there yet."""
        keep_settings(self.folder / "base.toml", self._base())
        sizes = ("--layout", "ms3", "--split-sizes", self.clips)
        self.avsseg("data", "data", "synth", "--bank", self.bank, "-o", self._data, *sizes)
        # Runs of one step fill the cache, so that those that are timed find it full. There are two
        # of it: with pixels, for a condition that sees them, and without.
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(self._encode, ("ed", "ldm")))

    def finish(self, variant: str, seed: int) -> None:
        """Trains and scores one network, unless it has been or it is too late to begin."""
        late = time.monotonic() - self.began > 60 * self.minutes
        done = {(row["variant"], row["seed"]) for row in self.rows()}
        if late or (variant, str(seed)) in done:
            return
        name = f"{variant}-{seed}"
        run, scored = self.folder / "runs" / name, self.folder / "eval" / name
        if not (run / "best.safetensors").exists():  # written by the validation after the last step
            shutil.rmtree(run, ignore_errors=True)
            self._train(variant, run, seed=seed, steps=self.steps)
        where = (self._data, "--subset", "ms3", "--split", "test")
        how = ("--seeds", "0,1,2", "--no-probes", "--panels", "0", "-o", scored)
        spent = self.avsseg(name, "eval", *where, "-w", run / "best.safetensors", *how)
        with (run / "metrics.csv").open(newline="", encoding="utf-8") as file:
            minutes = float(list(csv.DictReader(file))[-1]["minutes"])
        scores = json.loads((scored / "metrics.json").read_text(encoding="utf-8"))["means"]
        frames = self.steps * BATCH * NUM_FRAMES
        values = [variant, seed, self.steps, frames, round(60 * minutes, 1), round(spent, 1)]
        values += [round(scores[key], 5) for key in SCORES]
        with self.lock, self.results.open("a", newline="", encoding="utf-8") as file:
            if not file.tell():
                csv.writer(file).writerow(COLUMNS)
            csv.writer(file).writerow(values)
        print(*(f"{key} {value}" for key, value in zip(COLUMNS, values, strict=True)), flush=True)

    def rows(self) -> list[dict[str, str]]:
        """What results.csv holds."""
        if not self.results.exists():
            return []
        with self.lock, self.results.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def avsseg(self, log: str, *arguments: str | Path) -> float:
        """Runs a command, its output in logs/, and returns the seconds it took."""
        return run_avsseg(self.folder / "logs" / f"{log}.txt", *arguments)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _base(self) -> str:
        paths = {
            "backbone": self.backbone,
            "audio_encoder": self.audio_encoder,
            "data": self._data,
            "features": self.folder / "features",
        }
        return BASE.format(
            **{name: json.dumps(str(path.resolve())) for name, path in paths.items()},
            steps=self.steps,
            batch=BATCH,
            anneal=max(1, round(0.45 * self.steps)),  # 1000 of the paper's 2220 steps
        )

    def _encode(self, variant: str) -> None:
        done = self.folder / "logs" / f"encoded-{variant}"
        if not done.exists():
            self._train(variant, self.folder / "encoding" / variant, seed=0, steps=1)
            done.touch()

    def _train(self, variant: str, run: Path, *, seed: int, steps: int) -> None:
        settings = {
            "name": run.name,
            "optimisation.seed": str(seed),
            "optimisation.steps": str(steps),
            **VARIANTS[variant][1],
        }
        pairs = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
        base, root = self.folder / "base.toml", run.parent
        self.avsseg(run.name, "train", base, *pairs, "-o", root)


def table(rows: list[dict[str, str]]) -> str:
    """The scores of each variant in per cent, as Markdown."""
    lines = [
        "| the paper's table | mIoU | mIoU, sounding frames | F-score | seeds | s a training |",
        "|---|---|---|---|---|---|",
    ]
    for name, (words, _) in VARIANTS.items():
        own = [row for row in rows if row["variant"] == name]
        if own:
            cells = [spread([100 * float(row[key]) for row in own]) for key in SCORES]
            seconds = statistics.mean(float(row["train_s"]) for row in own)
            cells += [str(len(own)), f"{seconds:.0f}"]
            lines.append(" | ".join(("| " + words, *cells)) + " |")
    return "\n".join(lines)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bank", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--backbone", type=Path, required=True, help="EfficientNet-Lite2's weights")
    parser.add_argument("--audio-encoder", type=Path, required=True, help="YAMNet's weights")
    parser.add_argument("--clips", default="500,1,120", help="of the train, val and test split")
    parser.add_argument("--steps", type=int, default=320, help=f"of {BATCH} clips, for each run")
    parser.add_argument("--seeds", default="1,2,3", help="one run of each variant for each")
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side")
    parser.add_argument("--only", default=",".join(VARIANTS), help="variants, by name")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin nothing later")
    asked = parser.parse_args()
    only, seeds = asked.only.split(","), [int(seed) for seed in asked.seeds.split(",")]
    if unknown := set(only) - set(VARIANTS):
        parser.error(f"{', '.join(sorted(unknown))}: no variant; they are {', '.join(VARIANTS)}.")
    ablation = Ablation(
        bank=asked.bank,
        folder=asked.folder,
        backbone=asked.backbone,
        audio_encoder=asked.audio_encoder,
        clips=asked.clips,
        steps=asked.steps,
        minutes=asked.minutes,
    )
    ablation.prepare()
    with ThreadPoolExecutor(asked.jobs) as pool:
        queue = [(v, s) for stage in STAGES for s in seeds for v in stage if v in only]
        for future in [pool.submit(ablation.finish, *run) for run in queue]:
            future.result()
    print(table(ablation.rows()))


if __name__ == "__main__":
    main()
