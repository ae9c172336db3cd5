"""A walk through avsseg, from a clip on disk to masks, tables, a page and arrays in Python.

    python examples/walk_through.py [CLIP] [-o FOLDER] [--seconds 4]

Every step says what it does, does it, and shows what came of it. The commands are run within this
program, so that the network's libraries are loaded once; in a shell they are typed as printed.
"""

import argparse
import csv
import os
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import av
import numpy as np
from PIL import Image

from avsseg import load_model, segment_video
from avsseg.cli.app import app
from avsseg.model.segmenter import AVSegmenter

CLIP = Path(__file__).with_name("farmyard.mp4")


def step(number: int, title: str) -> None:
    """A heading."""
    print(f"\n{number}. {title}\n")


def shell(*words: object) -> None:
    """Runs one command of avsseg and shows how it is typed."""
    print("$ avsseg", *words)
    app([str(word) for word in words], standalone_mode=False)


def look_at_the_clip(clip: Path) -> None:
    """What is in the file."""
    step(1, "What is in the clip?")
    shell("info", clip)


def predict(clip: Path, out: Path, seconds: float) -> Path:
    """Everything that people look at, in one command."""
    step(2, "Mark what sounds in it: a film, a table, subtitles, and a page to look at.")
    kinds = "overlay,csv,srt"
    shell("predict", clip, "-o", out, "--end", seconds, "--output", kinds, "--report", "--labels")
    return out / clip.stem


def read_the_table(folder: Path) -> None:
    """The table is plain csv."""
    step(3, "When does something sound, how loud is it, how much of the picture is marked?")
    with (folder / "frames.csv").open(newline="", encoding="utf-8") as file:
        for row in islice(csv.DictReader(file), 0, None, 2):
            bar = "#" * round(40 * float(row["area"]))
            print(
                f"{float(row['time_s']):6.2f} s {row['loudness_db']:>7} dBFS  {bar} {row['heard']}"
            )


def from_python(model: AVSegmenter, clip: Path, out: Path, seconds: float) -> None:
    """The same as a loop; masks come as they are computed, however long the film is."""
    step(4, "The same from Python: which moment is surest?")
    moments = segment_video(clip, model, fps=2, end=seconds, silent_ok=True)
    surest = max(moments, key=lambda moment: moment.score())
    print(f"{float(surest.time):.2f} s, score {surest.score():.2f}, a mask of {surest.mask.shape}")
    save_marked(clip, float(surest.time), surest.mask, out / "surest.jpg")
    print(f"saved as {out / 'surest.jpg'}")


def save_marked(clip: Path, time: float, mask: np.ndarray, path: Path) -> None:
    """One picture of the clip, dark but for what sounds; the mask covers the whole picture."""
    with av.open(str(clip)) as container:
        picture = next(f for f in container.decode(video=0) if f.time >= time - 1e-6).to_image()
    soft = Image.fromarray((mask * 255).astype(np.uint8)).resize(picture.size)
    dark = picture.point(lambda level: level // 4)
    Image.composite(picture, dark, soft).save(path)


def listen_alone(model: AVSegmenter, clip: Path, seconds: float) -> None:
    """Whether it is the sound that decides: the gate shut for all that is below -6 dBFS."""
    step(5, "Without sound there is nothing to mark: shut the gate and look again.")
    moments = segment_video(clip, model, fps=1, end=seconds, gate="-6", silent_ok=True)
    marked = sum((moment.mask > 0.5).any() for moment in moments)
    print(f"moments with a mask where only sound above -6 dBFS counts: {marked}")


def main(arguments: Sequence[str] | None = None) -> None:
    """All steps."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path, nargs="?", default=CLIP)
    parser.add_argument("-o", "--out", type=Path, default=Path("walk-through"))
    parser.add_argument("--seconds", type=float, default=4.0, help="how much of the clip")
    options = parser.parse_args(arguments)
    look_at_the_clip(options.clip)
    folder = predict(options.clip, options.out, options.seconds)
    read_the_table(folder)
    model = load_model(os.environ.get("AVSSEG_WEIGHTS"))
    from_python(model, options.clip, options.out, options.seconds)
    listen_alone(model, options.clip, options.seconds)
    print(f"\nOpen {folder / 'report.html'} in a browser, and go on with `avsseg -h`.")


if __name__ == "__main__":
    main()
