"""Engines that drive join a bank, and sound like what they do."""

import csv
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from avsseg.data.bank import Bank

SCRIPT = Path(__file__).parents[2] / "examples" / "drive_engines.py"


@pytest.fixture(scope="module")
def script(example):
    """The script as a module."""
    return example("drive_engines")


@pytest.fixture(scope="module")
def loop(script) -> np.ndarray:
    """A second of an engine of 100 Hz."""
    return np.sin(2 * np.pi * 100 * np.arange(3 * script.RATE) / (3 * script.RATE))


def pitch(heard: np.ndarray, rate: int) -> float:
    """The strongest frequency, in Hz."""
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    return float(np.fft.rfftfreq(len(heard), 1 / rate)[spectrum.argmax()])


def run(*arguments) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_driven_engines_are_sounds_of_the_bank(script, loop, bank_root, tmp_path):
    """They are read as any other, as loud as any; a second run makes the same and adds nothing."""
    bank, file = tmp_path / "bank", tmp_path / "v8.wav"
    shutil.copytree(bank_root, bank)
    with wave.open(str(file), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(3 * script.RATE)
        written.writeframes((loop * 9000).astype("<i2").tobytes())
    before = Bank.open(bank).split("train").sounds.get("car", ())
    for _ in range(2):
        done = run(bank, file, "--drives", 3)
        assert done.returncode == 0, done.stderr
    view = Bank.open(bank).split("train")
    made = [sound for sound in view.sounds["car"] if sound not in before]
    assert len(made) == 3 == len(view.sounds["car"]) - len(before)
    with (bank / "index.csv").open(newline="") as index:
        rows = [row for row in csv.DictReader(index) if row["method"] == "driven"]
    assert len(rows) == 3
    for row in rows:
        with wave.open(str(bank / row["path"])) as written:
            heard = np.frombuffer(written.readframes(10**7), "<i2") / 32768
        power = np.convolve(heard**2, np.full(script.RATE, 1 / script.RATE), "valid").max()
        assert 10 * np.log10(power) == pytest.approx(script.LOUDEST_DB, abs=0.1)
        assert 5 * script.RATE <= len(heard) <= 7 * script.RATE


@pytest.mark.parametrize("seed", range(4))
def test_a_car_that_passes_falls_in_pitch_and_is_loudest_in_between(script, seed):
    """The speed of its engine is constant, and what is heard of it is not."""
    time = np.linspace(0, 1, 1000)
    speed, level = script.pass_by(np.random.default_rng(seed), time)
    assert (np.diff(speed) <= 0).all() and speed[0] > 1.05 * speed[-1]
    assert 0 < level.argmax() < 999
    assert level.max() > 2 * max(level[0], level[-1])


def test_the_pitch_is_the_loops_own_times_the_speed(script, loop):
    """An engine at rest plays its loop slower, without a break where the loop closes."""

    def steady(rng, time):
        return np.full_like(time, 0.6), np.ones_like(time)

    heard = script.drive(loop, steady, np.random.default_rng(0))
    assert pitch(heard[: script.RATE], script.RATE) == pytest.approx(60, abs=2)
    assert np.abs(np.diff(heard)).max() < 1.0


def test_a_folder_that_is_no_bank_is_refused(tmp_path):
    """Before anything is made."""
    done = run(tmp_path, tmp_path / "x.wav")
    assert done.returncode == 2 and "no bank" in done.stderr


def test_a_loop_that_cannot_be_read_is_one_line(bank_root, tmp_path):
    """And the bank's index is as it was."""
    bank, file = tmp_path / "bank", tmp_path / "v8.wav"
    shutil.copytree(bank_root, bank)
    file.write_text("no sound")
    before = (bank / "index.csv").read_bytes()
    done = run(bank, file)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1 and "v8.wav" in done.stderr
    assert (bank / "index.csv").read_bytes() == before
