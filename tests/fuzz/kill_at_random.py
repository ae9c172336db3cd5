"""Kills whole runs of predict at random moments: ``python tests/fuzz/kill_at_random.py [COUNT]``.

A film is predicted with all its kinds of outputs into one folder, again and again; each run gets
SIGKILL after a random time, anywhere from its start to the end that an undisturbed run took, or
else between the first hidden file and that end. Whatever then has a final name must be whole, and
in the end one more run must find its way and leave nothing behind but its outputs.
"""

import csv
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

import av
import numpy as np
from PIL import Image

KINDS = "overlay,matte,masks,soft,csv,segments,gif"
PICTURES, SIZE = 60, (160, 120)


def main() -> None:
    """Kills as often as asked for and says what it saw."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    chance = random.Random(0)
    with tempfile.TemporaryDirectory() as root:
        film, out = Path(root) / "film.mkv", Path(root) / "out"
        make_film(film)
        command = [sys.executable, "-m", "avsseg", "predict", str(film), "-o", str(out)]
        command += ["--output", KINDS, "-q", *sys.argv[2:]]
        begin = time.monotonic()
        subprocess.run(command, check=True)
        lasts = time.monotonic() - begin
        whole(out / "film")
        names = sorted(path.name for path in (out / "film").iterdir())
        print(f"a run takes {lasts:.1f} s and leaves {', '.join(names)}")
        seen: Counter[str] = Counter()
        while sum(seen.values()) < count:
            begin = time.monotonic()
            state = killed(command, out / "film", chance, lasts, early=sum(seen.values()) % 2 == 0)
            whole(out / "film")
            if state is None:  # it was done before it was killed
                lasts = min(lasts, time.monotonic() - begin)
            else:
                seen[state] += 1
        subprocess.run([*command, "--overwrite"], check=True)
        whole(out / "film")
        left = [path.name for path in out.rglob(".*")]
        assert not left, f"left behind: {left}"
        print(f"{count} kills, each leaving only whole outputs: {dict(seen)}")


def killed(
    command: list[str], folder: Path, chance: random.Random, lasts: float, early: bool
) -> str | None:
    """Runs and kills once; in which state the folder was, None if the run had ended."""
    earlier = set(folder.glob(".avsseg-*"))
    process = subprocess.Popen([*command, "--overwrite"], stderr=subprocess.PIPE)
    if early:
        time.sleep(chance.uniform(0, lasts))
    else:
        while process.poll() is None and set(folder.glob(".avsseg-*")) <= earlier:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, lasts / 4))
    process.kill()
    _, said = process.communicate()
    assert b"Traceback" not in said, said.decode()
    if process.returncode != -signal.SIGKILL:
        return None
    hidden = not set(folder.glob(".avsseg-*")) <= earlier
    done = (folder / "manifest.json").exists()
    return "while writing" if hidden else "finished" if done else "between"


def whole(folder: Path) -> None:
    """Everything in a film's folder that has a final name can be read to its end."""
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.suffix in (".mp4", ".mov", ".webm", ".mkv"):
            with av.open(str(path)) as film:
                count = sum(1 for _ in film.decode(video=0))
            assert count == PICTURES, f"{path.name} has {count} pictures"
        elif path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == ".csv":
            with path.open(newline="", encoding="utf-8") as file:
                assert len({len(row) for row in csv.reader(file)}) == 1, "a torn row"
        elif path.suffix == ".npz":
            assert zipfile.ZipFile(path).testzip() is None
        elif path.is_dir():
            for picture in path.iterdir():
                with Image.open(picture) as image:
                    image.load()


def make_film(path: Path) -> None:
    """Noise in picture and sound, so that no output is small."""
    draw = np.random.default_rng(0)
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=10, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        sound = out.add_stream("pcm_s16le", rate=16000, layout="mono")
        for number in range(PICTURES):
            picture = draw.integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            out.mux(video.encode(frame))
            noise = draw.integers(-9000, 9000, (1, 1600), np.int16)
            heard = av.AudioFrame.from_ndarray(noise, format="s16", layout="mono")
            heard.sample_rate, heard.pts = 16000, number * 1600
            out.mux(sound.encode(heard))
        out.mux(video.encode(None))
        out.mux(sound.encode(None))


if __name__ == "__main__":
    main()
