"""Sound of benchmark clips: AVSBench's blocks, its pickles, and no code from them."""

import os
import pickle
from fractions import Fraction

import numpy as np
import pytest
import torch

from avsseg.data.sound_files import (
    change_offset,
    fit_blocks,
    log_mel_blocks,
    read_log_mel,
    read_wav,
    write_log_mel,
)
from avsseg.errors import AvssegError, DataError


@pytest.mark.parametrize(
    ("seconds", "blocks"), [(0.9, 0), (0.975, 1), (4.8149, 4), (4.815, 5), (5, 5), (10, 10)]
)
def test_the_number_of_blocks(seconds, blocks):
    """5 s give 5 blocks, 10 s give 10, and 5 blocks need 77 040 samples."""
    sound = np.zeros(round(seconds * 16_000), np.float32)

    assert log_mel_blocks(sound).shape == (blocks, 1, 96, 64)


def test_blocks_follow_each_other_at_0_96_seconds():
    """A click at 0.97 s is in the first block's last rows and in the second block's first."""
    sound = np.zeros(32_000, np.float32)
    sound[round(0.97 * 16_000)] = 1

    blocks = log_mel_blocks(sound).amax(dim=(1, 3))

    assert blocks[0].argmax() >= 94
    assert blocks[1].argmax() <= 1


def test_short_sound_is_filled_up():
    """S4 and MS3 repeat the last block, AVSS appends zeros, and longer sound is cut."""
    blocks = torch.randn(3, 1, 96, 64)

    repeated = fit_blocks(blocks, 5, name="a", repeat=True)
    appended = fit_blocks(blocks, 5, name="a", repeat=False)

    assert torch.equal(repeated[:3], blocks)
    assert torch.equal(repeated[4], blocks[2])
    assert not appended[3:].any()
    assert torch.equal(fit_blocks(blocks, 2, name="a", repeat=True), blocks[:2])
    with pytest.raises(DataError, match="shorter than one block"):
        fit_blocks(blocks[:0], 5, name="a", repeat=True)


@pytest.mark.parametrize("form", ["plain", "own", "zip", "old"])
def test_pickled_log_mel_of_every_age_is_read(tmp_path, form):
    """A plain pickle with a gradient flag, ours, and both forms of torch.save are read."""
    tensor = torch.randn(5, 1, 96, 64, requires_grad=True) * 1
    path = tmp_path / "a.pkl"
    if form == "plain":
        path.write_bytes(pickle.dumps(tensor))
    elif form == "own":
        write_log_mel(path, tensor.detach())
    else:
        torch.save(tensor.detach(), path, _use_new_zipfile_serialization=form == "zip")

    found = read_log_mel(path)

    assert torch.equal(found, tensor)
    assert not found.requires_grad


def test_what_we_write_is_a_plain_pickle(tmp_path):
    """AVSBench's loaders, which call pickle.load and then detach, can read it."""
    blocks = torch.randn(5, 1, 96, 64)
    write_log_mel(tmp_path / "a.pkl", blocks)

    with (tmp_path / "a.pkl").open("rb") as file:
        assert torch.equal(pickle.load(file).detach(), blocks)


class _Harmful:
    def __reduce__(self):
        return os.mkdir, ("made-by-a-pickle",)


def test_code_in_a_pickle_is_never_run(tmp_path, monkeypatch):
    """A pickle that would call a function is refused, and the function is not called."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(_Harmful()))

    with pytest.raises(DataError, match="no tensor"):
        read_log_mel(tmp_path / "a.pkl")
    assert not (tmp_path / "made-by-a-pickle").exists()


@pytest.mark.parametrize("data", [b"", b"\x80", b"PK\x03\x04rubbish", b"hello"])
def test_damaged_pickles_are_one_line(tmp_path, data):
    """A torn or foreign file is a DataError."""
    (tmp_path / "a.pkl").write_bytes(data)

    with pytest.raises(DataError, match="damaged"):
        read_log_mel(tmp_path / "a.pkl")


def test_another_shape_is_refused(tmp_path):
    """A tensor that is no log-mel is an error of the file."""
    write_log_mel(tmp_path / "a.pkl", torch.zeros(5, 128))

    with pytest.raises(DataError, match="shape"):
        read_log_mel(tmp_path / "a.pkl")


def test_wav_samples_are_exact(tmp_path, layouts):
    """16-bit PCM at 16 kHz is int16 / 32768, channels averaged."""
    samples = layouts.save_wav(tmp_path / "a.wav", 1, 440, channels=2)

    sound = read_wav(tmp_path / "a.wav")

    assert sound.dtype == np.float32
    np.testing.assert_array_equal(sound, samples.astype(np.float32) / 32768)


def test_other_sounds_are_resampled(tmp_path, layouts, make_film, waves):
    """A wav at 44.1 kHz, and sound of other codecs, arrive at 16 kHz with the same tone."""
    layouts.save_wav(tmp_path / "a.wav", 2, 440, rate=44_100)
    sounds = ({"codec": "flac", "rate": 48_000, "wave": waves["tone"](440)},)
    other = make_film("a.mka", times=(), sounds=sounds, seconds=Fraction(2))

    for path in (tmp_path / "a.wav", other):
        sound = read_wav(path)
        assert len(sound) == pytest.approx(32_000, abs=64)
        peak = np.abs(np.fft.rfft(sound[:32_000])).argmax() * 16_000 / len(sound[:32_000])
        assert peak == pytest.approx(440, abs=1)


def test_what_is_no_sound_is_one_line(tmp_path):
    """A text named wav is an error without traceback."""
    (tmp_path / "a.wav").write_text("hello")

    with pytest.raises(AvssegError, match=r"a\.wav"):
        read_wav(tmp_path / "a.wav")
    with pytest.raises(DataError, match="missing"):
        read_wav(tmp_path / "b.wav")


def test_the_offset_can_be_exchanged():
    """Stored VGGish log-mel becomes what a front end with offset 0.001 would have made."""
    sound = np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32)

    changed = change_offset(log_mel_blocks(sound), 0.001)

    torch.testing.assert_close(changed, log_mel_blocks(sound, offset=0.001), rtol=0, atol=1e-3)
