"""Kills ``avsseg predict`` at random moments and shows that nothing is lost, done twice or half.

    python examples/kill_and_resume.py [--clips 200] [--bad 10] [--kills 3] [--jobs 1] [-w WEIGHTS]

It makes a folder of short clips, some of them bad, and runs the command on it in a process of its
own. As often as asked for, that process gets SIGKILL after a random number of videos and a random
part of the next one, and the same command is given again. In the end each good clip must have been
done once and whole, each bad one must have its reason, and nothing else may lie about.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np

SECONDS, RATE, SIZE = 2, 10, (64, 48)
SOUND_RATE = 16000


def write_clip(path, number, *, picture=True, sound=True):
    """A moving square and a tone, both of the clip's number, so that no two clips are equal."""
    with av.open(str(path), "w", format="mp4") as out:
        streams = []
        if picture:
            video = out.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
            (video.width, video.height), video.pix_fmt = SIZE, "yuv420p"
            streams.append((video, pictures(number)))
        if sound:
            track = out.add_stream("aac", rate=SOUND_RATE, layout="mono")
            streams.append((track, tones(number)))
        for stream, frames in streams:
            for frame in frames:
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))


def pictures(number):
    for index in range(SECONDS * RATE):
        picture = np.full((SIZE[1], SIZE[0], 3), 40 + number % 160, np.uint8)
        left = (index + number) % (SIZE[0] - 16)
        picture[16:32, left : left + 16] = 220
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts, frame.time_base = index, Fraction(1, RATE)
        yield frame


def tones(number):
    times = np.arange(SECONDS * SOUND_RATE) / SOUND_RATE
    wave = (0.3 * np.sin(2 * np.pi * (200 + 5 * number) * times)).astype(np.float32)
    for begin in range(0, len(wave), 1024):
        frame = av.AudioFrame.from_ndarray(
            wave[None, begin : begin + 1024], format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts = SOUND_RATE, begin
        frame.time_base = Fraction(1, SOUND_RATE)
        yield frame


def truncated(path, number):
    write_clip(path, number)
    path.write_bytes(path.read_bytes()[:-2000])


BAD = {
    "truncated": truncated,
    "not a video": lambda path, number: path.write_text(f"this is no film, {number}"),
    "no sound track": lambda path, number: write_clip(path, number, sound=False),
    "empty": lambda path, _: path.touch(),
    "sound alone": lambda path, number: write_clip(path, number, picture=False),
}


def make_folder(folder, clips, bad):
    """Makes the clips, bad ones strewn among good ones; returns the bad ones with what they are."""
    kinds, made = list(BAD), {}
    places = set(random.sample(range(clips), bad))
    for number in range(clips):
        path = folder / f"{number // 50:02d}" / f"clip_{number:04d}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        if number in places:
            made[path] = kinds[len(made) % len(kinds)]
            BAD[made[path]](path, number)
        else:
            write_clip(path, number)
    return made


def run(command, kill_after=None):
    """Runs the command; kills it within the next video after it has done so many.

    Returns its exit status and what it said of each video.
    """
    told, times, process = [], [], subprocess.Popen(command, stdout=subprocess.PIPE)
    for line in process.stdout:
        told.append(json.loads(line))
        if told[-1]["status"] == "done":
            times.append(time.monotonic())
        if kill_after is not None and len(times) == kill_after:
            time.sleep(random.random() * (times[-1] - times[0]) / max(1, kill_after - 1))
            process.kill()
            kill_after = None
    return process.wait(), told


def records(out):
    """The record of each finished video, and when it was written."""
    return {path: path.stat().st_mtime_ns for path in out.rglob("manifest.json")}


def whole(folder):
    """Whether an overlay has all pictures and the table all moments."""
    with av.open(str(folder / "overlay.mp4")) as film:
        count = sum(1 for _ in film.decode(video=0))
    rows = (folder / "frames.csv").read_text().splitlines()
    return count == SECONDS * RATE and len(rows) == 1 + SECONDS


def check(folder, out, bad, told, first_records):
    """What is wrong in the end: nothing, it is hoped."""
    good = sorted(set(folder.rglob("*.mp4")) - set(bad))
    times_done = Counter(one["input"] for one in told if one["status"] == "done")
    reasons = {one["input"]: one["reason"] for one in told if one["status"] == "failed"}
    places = {out / path.relative_to(folder).with_suffix("") for path in good}
    files = {path.parent for path in out.rglob("*") if path.is_file()}
    strays = [path for path in out.rglob("*") if path.name.startswith(".")]
    now = records(out)
    return [
        *(f"done {times_done[str(p)]} times: {p}" for p in good if times_done[str(p)] > 1),
        *(f"not done: {place}" for place in places if place / "manifest.json" not in now),
        *(f"not whole: {place}" for place in places & files if not whole(place)),
        *(f"done again: {p}" for p, when in first_records.items() if now.get(p) != when),
        *(f"no reason given: {path}" for path in bad if str(path) not in reasons),
        *(f"a reason for a good clip: {p}" for p in good if str(p) in reasons),
        *(f"left behind: {path}" for path in strays),
        *(f"unasked for: {path}" for path in files - places),
        *(f"empty: {p}" for p in out.rglob("*") if p.is_dir() and not any(p.iterdir())),
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=200)
    parser.add_argument("--bad", type=int, default=10)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("-w", "--weights")
    given = parser.parse_args()
    random.seed(given.seed)
    with TemporaryDirectory(prefix="avsseg-kill-") as temporary:
        folder, out = Path(temporary) / "clips", Path(temporary) / "out"
        bad = make_folder(folder, given.clips, given.bad)
        command = [sys.executable, "-m", "avsseg", "predict", str(folder), "-o", str(out)]
        command += ["--fps", "1", "--json", "-q", "--jobs", str(given.jobs)]
        command += ["-w", given.weights] if given.weights else []
        told, first, killed = [], {}, 0
        for later in reversed(range(given.kills)):
            left = given.clips - given.bad - len(first)
            status, more = run(command, random.randint(2, max(2, 2 * left // (later + 2) - 2)))
            told, first = told + more, records(out) | first
            print(f"ended with {status} after {len(more)} videos; {len(first)} are done")
            killed += status == -signal.SIGKILL
        status, more = run(command)
        told = told + more
        wrong = check(folder, out, bad, told, first)
        print(*(f"{kind:<16}{reason_of(path, told)}" for path, kind in bad.items()), sep="\n")
        counts = Counter(one["status"] for one in more)
        print(f"the last run ended with {status}: {dict(counts)}")
        print(*wrong, sep="\n", end="\n" if wrong else "")
        ok = not wrong and status == 3 and killed == given.kills
        print(f"{len(records(out))} done once each, {len(bad)} reasons: {'ok' if ok else 'WRONG'}")
    return 0 if ok else 1


def reason_of(path, told):
    reasons = (one["reason"] for one in reversed(told) if one["input"] == str(path))
    return next(reasons, "none").removeprefix(f"{path}: ")


if __name__ == "__main__":
    sys.exit(main())
