"""Measures what the options of predict are worth, on made material with known truth.

    python examples/measure_quality.py [--weights NAME|FILE] [--films 6] [--truth FOLDER]

It needs nothing but this repository.

1. The network's own films (quality_scenes.py: farmyard.mp4's animals, heard at known times over a
   noise floor), more than 0.35 s from a change: in how many silent moments the mask is
   empty, and in how many sounding ones it is kept, without and with the gate.
2. On the same films, whose pictures hold still: flicker, the mean change of the ungated mask from
   one moment to the next within a sound, plain, overlapped and smoothed.
3. On the same films: whether the disagreement of eight samples tells where the network is wrong:
   area under the risk-coverage curve, against random order and the best order there is.
4. The gate alone, without a network: four kinds of sound, 10 to 40 dB over a noise floor.
5. Refinement: boundary F (tolerance 0.5 % of the diagonal) and IoU of masks with a rim that is
   displaced and blurred as a network's is, upsampled plainly and with --refine.
6. Smoothing: the error that it makes where a cut comes, with and without knowledge of the cut.

With --truth, doubt is also measured on films of your own that have true masks: the folder's
index.csv has the columns clip, time_s, mask and empty, and the films lie beside the folder.
"""

import argparse
import csv
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from quality_scenes import MadeFilm, made_films

from avsseg import Prediction, load_model, segment_video
from avsseg.evaluation.boundary import boundary_f
from avsseg.evaluation.calibration import risk_coverage
from avsseg.gate import SoundGate
from avsseg.media.guided import GuidedUpsampler, box_mean
from avsseg.media.sound import SoundProfile
from avsseg.media.upsample import BilinearUpsampler, Upsampler
from avsseg.model.segmenter import AVSegmenter
from avsseg.moments import Moment, smoothed

Floats = NDArray[np.float32]
SIZE, GRID = 448, 224
EMPTY = 0.001  # share of the picture below which a mask is empty
KINDS = ("one tone", "speech-like", "percussion-like", "short events")


def made_sound(kind: str, snr: float, rng: np.random.Generator) -> tuple[SoundProfile, Floats]:
    """Loudness of a minute of bursts over a noise floor, and when they are on, by hops of 0.1 s."""
    lengths = {"short events": (3, 8), "one tone": (10, 40)}.get(kind, (15, 50))
    on = np.zeros(600, bool)
    hop = int(rng.integers(5, 25))
    while hop < 590:
        length = int(rng.integers(*lengths))
        on[hop : hop + length] = True
        hop += length + int(rng.integers(12, 40))
    level = np.where(on, -20.0, -20.0 - snr) + rng.normal(0, 0.5, len(on))
    if kind == "speech-like":
        level[on] += rng.normal(0, 5, on.sum()).clip(-snr + 6, 6)
    if kind == "percussion-like":
        level[on] -= np.minimum(4.0 * (np.arange(len(on)) % 6), snr)[on]
    powers = np.convolve(10 ** (level / 10), np.ones(10) / 10, "valid")
    profile = SoundProfile(
        hops=np.arange(600),
        levels=level.astype(np.float32),
        loudest=float(10 * np.log10(powers.max())),
        peak=1.0,
    )
    return profile, on


def measure_gate(rng: np.random.Generator) -> None:
    """Prints a row for each kind of sound and distance from the floor."""
    print("gate alone: sound | dB over the floor | silent moments shut | sounding moments kept")
    print("(without the gate: 0 % shut, 100 % kept; moments within 0.5 s of a rim left out)")
    for kind in KINDS:
        for snr in (10, 15, 25, 40):
            shut: list[float] = []
            kept: list[float] = []
            for _ in range(20):
                profile, on = made_sound(kind, snr, rng)
                gate = SoundGate(profile)
                score = np.array([gate.at(Fraction(2 * hop + 1, 20)) for hop in range(600)])
                near = np.convolve(np.abs(np.diff(on, prepend=on[0])), np.ones(11), "same") > 0
                shut += (score[~on & ~near] == 0).tolist()
                kept += (score[on] >= 0.5).tolist()
            print(f"  {kind} | {snr} | {np.mean(shut):.1%} | {np.mean(kept):.1%}")


def made_scene(rng: np.random.Generator) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """A wavy blob of its own shade before a ground with soft structure, and its luma."""
    y, x = (np.mgrid[:SIZE, :SIZE] + 0.5) / SIZE - 0.5
    cy, cx = rng.uniform(-0.15, 0.15, 2)
    angle, radius = np.arctan2(y - cy, x - cx), np.hypot(y - cy, x - cx)
    rim = rng.uniform(0.15, 0.3) * np.ones_like(angle)
    for wave in range(2, 7):
        rim += rng.normal(0, 0.03 / wave * 2) * np.cos(wave * angle + rng.uniform(0, 6.3))
    truth = radius < rim
    ground = box_mean(rng.normal(0, 1, (SIZE, SIZE)).astype(np.float32), 12) * 200
    coat = box_mean(rng.normal(0, 1, (SIZE, SIZE)).astype(np.float32), 6) * 100
    shade = rng.uniform(60, 190)
    other = shade + rng.choice((-1, 1)) * rng.uniform(15, 60)
    luma = np.where(truth, other + coat, shade + ground) + rng.normal(0, 3, (SIZE, SIZE))
    return truth, luma.clip(0, 255).astype(np.uint8)


def network_like(truth: NDArray[np.bool_], rng: np.random.Generator, off: float) -> Floats:
    """The truth as a network gives it: its rim displaced by ``off`` cells or so, and blurred."""
    noise = [box_mean(rng.normal(0, 1, (GRID, GRID)).astype(np.float32), 12) for _ in range(2)]
    dy, dx = (n / n.std() * off for n in noise)
    rows, columns = np.mgrid[:GRID, :GRID]
    scale = SIZE // GRID
    from_y = ((rows + dy) * scale).round().astype(int).clip(0, SIZE - 1)
    from_x = ((columns + dx) * scale).round().astype(int).clip(0, SIZE - 1)
    moved = truth[from_y, from_x].astype(np.float32)
    coarse = moved.reshape(GRID // 4, 4, GRID // 4, 4).mean(axis=(1, 3))
    blurred = Image.fromarray(box_mean(coarse, 1)).resize((GRID, GRID), Image.Resampling.BILINEAR)
    return np.asarray(blurred, np.float32).clip(0, 1)


def measure_refinement(rng: np.random.Generator) -> None:
    """Prints boundary F and IoU for rims that are further and further off."""
    print("refinement: rim off by cells | boundary F plain, refined | IoU plain, refined")
    ways: tuple[Upsampler, ...] = (BilinearUpsampler(), GuidedUpsampler())
    for off in (0.0, 1.0, 2.0, 4.0):
        rows = []
        for _ in range(20):
            truth, luma = made_scene(rng)
            mask = network_like(truth, rng, off)
            found = [upsample(mask, luma) >= 128 for upsample in ways]
            rows.append(
                [boundary_f(m, truth, tolerance=0.005) for m in found]
                + [(m & truth).sum() / (m | truth).sum() for m in found]
            )
        f_plain, f_refined, iou_plain, iou_refined = np.mean(rows, axis=0)
        print(f"  {off:g} | {f_plain:.4f}, {f_refined:.4f} | {iou_plain:.4f}, {iou_refined:.4f}")


def measure_cuts(rng: np.random.Generator) -> None:
    """Prints the error of smoothing about a cut."""
    print("smoothing over a cut: seconds | mean error unaware of it, aware")
    mask = network_like(made_scene(rng)[0], rng, 1.0)
    flat = np.zeros_like(mask)
    scenes = [Moment(time=Fraction(n, 4), mask=mask if n < 20 else flat) for n in range(40)]
    for seconds in (0.25, 0.5, 1.0):
        errors = []
        for breaks in ([], [Fraction(19, 4) + Fraction(1, 8)]):
            pairs = zip(smoothed(scenes, seconds=seconds, breaks=breaks), scenes, strict=True)
            errors.append(np.mean([np.abs(a.mask - b.mask).mean() for a, b in pairs]))
        print(f"  {seconds:g} | {errors[0]:.4f}, {errors[1]:.4f}")


def measure_films(model: AVSegmenter, films: Sequence[MadeFilm]) -> None:
    """Prints what gate, smoothing and samples are worth to a network."""
    shown = {film: list(segment_video(film.path, model, fps=4)) for film in films}
    measure_silence(shown)
    measure_flicker(model, shown)
    doubts: list[float] = []
    risks: list[float] = []
    for film in films:
        for moment in segment_video(film.path, model, fps=1, samples=8):
            if film.state(float(moment.time)):
                risks.append(risk(moment.raw > 0.5, film.truth))
                doubts.append(moment.disagreement or 0.0)
    print_doubt("made films", doubts, risks)


def measure_silence(shown: dict[MadeFilm, list[Prediction]]) -> None:
    """Prints shares of silent moments without a mask, and of sounding ones with one."""
    rows = [
        (state, (moment.raw >= 0.5).mean() < EMPTY, (moment.mask >= 0.5).mean() < EMPTY)
        for film, moments in shown.items()
        for moment in moments
        if (state := film.state(float(moment.time))) is not None
    ]
    silent, sounding = (np.array([r[1:] for r in rows if r[0] == on]) for on in (False, True))
    print(f"gate: {len(silent)} silent moments, {len(sounding)} sounding ones | without, with it")
    print("  silent, mask empty | {:.1%}, {:.1%}".format(*silent.mean(axis=0)))
    print("  sounding, mask kept | {:.1%}, {:.1%}".format(*(1 - sounding.mean(axis=0))))


def measure_flicker(model: AVSegmenter, shown: dict[MadeFilm, list[Prediction]]) -> None:
    """Prints the mean change of ungated masks from moment to moment, and what options make it."""
    changes: dict[str, list[float]] = {}
    for film, moments in shown.items():
        plain = [Moment(time=moment.time, mask=moment.raw) for moment in moments]
        told = {moment.time: moment.sounding for moment in moments}
        changes.setdefault("plain", []).extend(changes_within(film, plain))
        others: dict[str, Any] = {"--no-steady": {"steady": False}}
        others |= {f"--overlap {frames}": {"overlap": frames} for frames in (2, 3)}
        for name, options in others.items():
            seen = segment_video(film.path, model, fps=4, **options)
            other = [Moment(time=moment.time, mask=moment.raw) for moment in seen]
            changes.setdefault(name, []).extend(changes_within(film, other))
        for seconds in (0.5, 1.0):
            steady = list(smoothed(plain, seconds=seconds, weight=told.__getitem__))
            changes.setdefault(f"--smooth {seconds:g}", []).extend(changes_within(film, steady))
    print("flicker: option | mean change of the mask within a sound, a quarter of a second on")
    for name, found in changes.items():
        print(f"  {name} | {np.mean(found):.5f}")


def changes_within(film: MadeFilm, moments: Sequence[Moment]) -> list[float]:
    """The mean change of a pixel between neighbours that both sound."""
    return [
        float(np.abs(a.mask - b.mask).mean())
        for a, b in pairwise(moments)
        if film.state(float(a.time)) and film.state(float(b.time))
    ]


def labelled(folder: Path, limit: int) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Films of an index of masks, with their labelled moments."""
    clips: dict[str, list[dict[str, str]]] = {}
    with (folder / "index.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            clips.setdefault(row["clip"], []).append(row)
    yield from list(clips.items())[:limit]


def measure_doubt(model: AVSegmenter, folder: Path, limit: int) -> None:
    """Prints the same for films with true masks of your own."""
    doubts: list[float] = []
    risks: list[float] = []
    for clip, rows in labelled(folder, limit):
        moments = list(segment_video(folder.parent / clip, model, fps=2, samples=8, gate="off"))
        for row in rows:
            moment = min(moments, key=lambda m, t=Fraction(row["time_s"]): abs(m.time - t))
            truth = np.zeros(moment.mask.shape, bool)
            if row["empty"] == "0":
                truth = np.asarray(Image.open(folder / row["mask"]).convert("L")) > 127
            risks.append(risk(moment.mask > 0.5, truth))
            doubts.append(moment.disagreement or 0.0)
    print_doubt(folder.name, doubts, risks)


def risk(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """1 - IoU, at the size of what was found."""
    small = Image.fromarray(truth).resize(found.shape[::-1])
    union = (found | np.asarray(small)).sum()
    return 1 - float((found & np.asarray(small)).sum() / union) if union else 0.0


def print_doubt(name: str, doubts: Sequence[float], risks: Sequence[float]) -> None:
    """Prints areas under risk-coverage curves; random order has the mean risk throughout."""
    print(f"doubt: {name}, {len(risks)} frames | area under the risk-coverage curve")
    print(f"  by disagreement | {risk_coverage(doubts, risks)[1].mean():.4f}")
    print(f"  random | {np.mean(risks):.4f}")
    print(f"  best there is | {risk_coverage(risks, risks)[1].mean():.4f}")


def main() -> None:
    """Runs all that can be run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", help="a name or a file; the shipped ones if not given")
    parser.add_argument("--films", type=int, default=6, help="how many to make; 0 for none")
    parser.add_argument("--truth", type=Path, help="folder of true masks, its films beside it")
    parser.add_argument("--videos", type=int, default=6, help="of that folder, at most")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    measure_gate(rng)
    measure_refinement(rng)
    measure_cuts(rng)
    model = load_model(options.weights) if options.films or options.truth else None
    if model is not None and options.films:
        with TemporaryDirectory() as folder:
            measure_films(model, list(made_films(Path(folder), options.films, rng)))
    if model is not None and options.truth:
        measure_doubt(model, options.truth, options.videos)


if __name__ == "__main__":
    main()
