"""Makes the pictures of README.md anew, with the program itself, from farmyard.mp4.

    python examples/make_pictures.py [--weights NAME|FILE] [--folder FOLDER]

It writes `pictures/farmyard.webp`, which moves, and one small picture for each kind of output. It
needs the packages of ".[dev]", and for the page Chromium; without that its picture is left alone.
"""

import argparse
import csv
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from matplotlib import colormaps
from picture_parts import FONT, TINT, on_squares, table_card, text_card, with_sound_strip
from PIL import Image, ImageDraw

CLIP = Path(__file__).with_name("farmyard.mp4")
PICTURES = CLIP.with_name("pictures")
WIDTH = 320
SHOWN = ("8.4", "9.4")  # seconds of the clip whose middle is shown
DOUBTED = ("5.2", "6.2")  # where the answers of the network differ
STYLES = ("tint", "contour", "spotlight", "blur")
FILMS = {  # kinds whose picture is one of the film's own
    "mask-video": "mask.mp4",
    "matte": "matte.mp4",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def predict(out: Path, *options: str, weights: str | None = None) -> Path:
    """Runs the program on the clip; gives the folder of its outputs."""
    chosen = [] if weights is None else ["--weights", weights]
    command = [sys.executable, "-m", "avsseg", "predict", str(CLIP), "-o", str(out)]
    subprocess.run([*command, *options, *chosen, "--quiet"], check=True)
    return out / "farmyard"


def frames(film: Path, decoder: str | None = None) -> Iterator[av.VideoFrame]:
    """All pictures of a film, if need be by a decoder that knows transparency."""
    with av.open(str(film)) as container:
        if decoder is None:
            yield from container.decode(video=0)
            return
        stream = container.streams.video[0]
        context = av.CodecContext.create(decoder, "r")
        context.extradata = stream.codec_context.extradata
        for packet in container.demux(stream):
            yield from context.decode(packet)


def middle(film: Path, decoder: str | None = None) -> av.VideoFrame:
    """The picture in the middle of a film."""
    shown = list(frames(film, decoder))
    return shown[len(shown) // 2]


def save(picture: Image.Image, name: str) -> None:
    """Writes one picture at the width that the page shows twice as sharp as it needs."""
    height = round(picture.height * WIDTH / picture.width)
    small = picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)
    small.save(PICTURES / f"{name}.webp", quality=78, method=6)


def draw_films(folder: Path) -> None:
    """Pictures out of films, with squares behind what is transparent."""
    for kind, name in FILMS.items():
        save(middle(folder / name).to_image(), kind)
    for kind, name, decoder in (
        ("alpha", "alpha.mov", None),
        ("alpha-webm", "alpha.webm", "libvpx-vp9"),
    ):
        frame = middle(folder / name, decoder).reformat(format="rgba")
        save(on_squares(Image.fromarray(frame.to_ndarray())), kind)
    with Image.open(folder / "preview.gif") as preview:
        preview.seek(preview.n_frames // 2)
        save(preview, "gif")


def draw_stills(folder: Path) -> None:
    """Masks as files, and probabilities as colours."""
    for kind in ("masks", "palette"):
        files = sorted((folder / kind).glob("*.png"))
        with Image.open(files[len(files) // 2]) as mask:
            save(mask, kind)
    with np.load(folder / "soft.npz") as soft:
        mask = soft["masks"][len(soft["masks"]) // 2].astype(np.float32)
    colours = Image.fromarray((colormaps["magma"](mask)[..., :3] * 255).astype(np.uint8))
    save(colours.resize((960, 468), Image.Resampling.NEAREST), "soft")


def draw_regions(folder: Path) -> None:
    """The boxes of one moment, with number and score, on its picture."""
    picture = middle(folder / "overlay.mp4").to_image()
    pen, font = ImageDraw.Draw(picture), FONT.font_variant(size=30)
    rows = rows_of(folder / "regions.csv")
    times = sorted({row["time_s"] for row in rows}, key=float)
    for row in rows:
        if row["time_s"] == times[len(times) // 2]:
            x0, y0, x1, y1 = (int(row[edge]) for edge in ("x0", "y0", "x1", "y1"))
            pen.rectangle((x0, y0, x1, y1), outline=TINT, width=4)
            words = f"{row['region']}: {float(row['sound_score']):.2f}"
            place = (x0 + 8, y0 + 6)
            pen.rectangle(pen.textbbox(place, words, font=font), fill="black")
            pen.text(place, words, font=font, fill="white")
    save(picture, "regions")


def draw_texts(folder: Path, excerpt: Path) -> None:
    """The first lines of what people read."""
    columns = ("time_s", "score", "area", "sounding", "heard")
    rows = [{name: row[name] for name in columns} for row in rows_of(folder / "frames.csv")]
    save(table_card(rows[10:20]), "csv")
    save(table_card(rows_of(folder / "segments.csv")), "segments")
    save(text_card((folder / "sounding.srt").read_text(encoding="utf-8")), "srt")
    save(text_card((excerpt / "masks.json").read_text(encoding="utf-8"), wrap=44), "rle")


def rows_of(table: Path) -> list[dict[str, str]]:
    """The rows of a table."""
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def draw_page(folder: Path) -> None:
    """The page as a browser shows it, at a moment that sounds."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("no Chromium here: pictures/report.webp is left as it is", file=sys.stderr)
        return
    shot = folder / "page.png"
    address = f"{(folder / 'report.html').absolute().as_uri()}#t=8.9"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    flags += ["--window-size=1280,1090", "--virtual-time-budget=8000", f"--screenshot={shot}"]
    subprocess.run([browser, *flags, address], check=True, capture_output=True)
    with Image.open(shot) as page:
        save(page, "report")


def draw_moving(folder: Path) -> None:
    """The whole clip with its marks, its sound running below."""
    rows = rows_of(folder / "frames.csv")
    marked = [(float(row["time_s"]), float(row["area"]) > 0) for row in rows]
    shown = [(float(f.time), f.to_image()) for n, f in enumerate(frames(folder / "overlay.mp4"))]
    pictures = list(with_sound_strip(shown[::3], CLIP, marked, width=480))
    pictures[0].save(
        PICTURES / "farmyard.webp",
        save_all=True,
        append_images=pictures[1:],
        duration=120,
        loop=0,
        quality=55,
        method=4,
    )


def make_all(folder: Path, weights: str | None) -> None:
    """Everything, from predictions in a folder that may go."""
    whole = predict(
        folder / "whole",
        *("--output", "overlay,csv,segments,srt", "--labels", "--refine", "--report"),
        weights=weights,
    )
    stretch = ("--start", SHOWN[0], "--end", SHOWN[1])
    kinds = "overlay,masks,palette,mask-video,matte,alpha,alpha-webm,gif,soft,regions,rle"
    excerpt = predict(
        folder / "excerpt",
        *("--output", kinds, "--refine", *stretch),
        weights=weights,
    )
    doubted = ("--output", "heat", "--samples", "8", "--start", DOUBTED[0], "--end", DOUBTED[1])
    heat = predict(folder / "doubted", *doubted, weights=weights)
    save(middle(heat / "heat.mp4").to_image(), "heat")
    for style in STYLES:
        options = ("--output", "overlay", "--style", style, "--refine", "--labels", *stretch)
        save(
            middle(predict(folder / style, *options, weights=weights) / "overlay.mp4").to_image(),
            style,
        )
    draw_films(excerpt)
    draw_stills(excerpt)
    draw_regions(excerpt)
    draw_texts(whole, excerpt)
    draw_page(whole)
    draw_moving(whole)


def main(arguments: Sequence[str] | None = None) -> None:
    """Makes them all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", help="a name or a file; the shipped ones if not given")
    parser.add_argument(
        "--folder",
        type=Path,
        help="keep the predictions here, for another run with the same weights",
    )
    options = parser.parse_args(arguments)
    PICTURES.mkdir(exist_ok=True)
    with TemporaryDirectory() as passing:
        make_all(options.folder or Path(passing), options.weights)
    total = sum(file.stat().st_size for file in PICTURES.iterdir())
    print(f"{PICTURES}: {total / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
