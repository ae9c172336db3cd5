"""AVSBench as a dataset, on folders of all three layouts made on the fly."""

import logging

import numpy as np
import pytest
import torch
from PIL import Image

from avsseg.data.avsbench import AVSBench
from avsseg.data.layout import read_index
from avsseg.data.sample import collate
from avsseg.data.sound_files import log_mel_blocks, read_wav, write_log_mel
from avsseg.errors import DataError


@pytest.fixture
def s4(tmp_path, layouts):
    """A tiny S4 folder."""
    return layouts.write_s4(tmp_path / "s4")


@pytest.fixture
def ms3(tmp_path, layouts):
    """A tiny MS3 folder."""
    return layouts.write_ms3(tmp_path / "ms3")


@pytest.fixture
def avss(tmp_path, layouts):
    """A tiny AVSS folder."""
    return layouts.write_avss(tmp_path / "avss")


def test_an_s4_clip_as_tensors(s4, layouts):
    """Frames in [0, 1], five blocks of sound, five binary masks, all labelled in val."""
    sample = AVSBench(s4, "s4", "val", size=32)[0]

    assert (sample.name, sample.category) == ("dog_2", "dog")
    assert sample.frames.shape == (5, 3, 32, 32)
    assert sample.log_mel.shape == (5, 1, 96, 64)
    assert sample.masks.shape == (5, 1, 32, 32)
    assert sample.labelled.all()
    assert sample.valid.all()
    expected = torch.from_numpy(layouts.frame(21)[0, 0].astype(np.float32) / 255)
    assert torch.equal(sample.frames[0, :, 5, 5], expected)
    for second in range(5):
        assert (sample.masks[second, 0].numpy() == layouts.truth(second + 1)).all()


def test_s4_training_clips_are_labelled_in_the_first_frame_alone(s4):
    """The one mask of a training clip comes first; the others are unknown."""
    dataset = AVSBench(s4, "s4", "train", size=32)
    sample = dataset[1]

    assert len(dataset) == 2
    assert sample.labelled.tolist() == [True, False, False, False, False]
    assert sample.masks[0].any()
    assert not sample.masks[1:].any()


def test_ms3_reads_its_odd_names(ms3, layouts):
    """MS3's ``.mp4_`` frames belong to their masks, and training clips are fully labelled."""
    sample = AVSBench(ms3, "ms3", "train", size=32)[1]

    assert sample.name == "bb_0"
    assert sample.category == ""
    assert sample.labelled.all()
    assert torch.equal(
        sample.frames[2, :, 0, 0], torch.from_numpy(layouts.frame(113)[0, 0] / np.float32(255))
    )
    assert sample.masks[:, 0].any(dim=(1, 2)).tolist() == [True, True, False, True, True]


def test_frames_without_the_odd_name_are_found(ms3):
    """A copy of MS3 whose frames were renamed sensibly reads the same."""
    before = AVSBench(ms3, "ms3", "test", size=32)[0]
    for path in ms3.rglob("*.mp4_*.png"):
        path.rename(path.with_name(path.name.replace(".mp4_", "_")))

    assert torch.equal(AVSBench(ms3, "ms3", "test", size=32)[0].frames, before.frames)


def test_avss_is_padded_to_ten_frames(avss, layouts):
    """Five-second clips have five real frames; classes are indices, zero past the end."""
    single, multi = (AVSBench(avss, "avss", "train", size=32)[i] for i in (0, 1))
    second = AVSBench(avss, "avss", "test", size=32)[0]

    for sample in (single, multi, second):
        assert sample.frames.shape == (10, 3, 32, 32)
        assert sample.masks.dtype == torch.int64
    assert [s.valid.sum().item() for s in (single, multi, second)] == [5, 5, 10]
    assert [s.labelled.sum().item() for s in (single, multi, second)] == [1, 5, 10]
    assert not multi.frames[5:].any()
    assert not multi.log_mel[5:].any()
    assert second.log_mel[9].any()
    assert (multi.masks[1, 0].numpy() == layouts.truth(1)).all()
    assert set(second.masks.unique().tolist()) == {0, 1}


def test_avss_training_pictures_may_be_cropped_as_released(avss, layouts, caplog):
    """With train_crop the centre square is cut; without it the difference is said once."""
    path = avss / "v1s" / "v1s_a" / "frames" / "0.jpg"
    wide = np.zeros((32, 64, 3), np.uint8)
    wide[:, 16:48] = 255
    Image.fromarray(wide).save(path, quality=100, subsampling=0)

    cropped = AVSBench(avss, "avss", "train", size=32, train_crop=True)[0].frames[0]
    assert not caplog.records
    whole = AVSBench(avss, "avss", "train", size=32)[0].frames[0]

    assert cropped.mean() > 0.97
    assert whole.mean() == pytest.approx(0.5, abs=0.05)
    assert "train_crop" in caplog.text


def test_pictures_of_other_sizes_are_resized(s4):
    """Everything arrives in the network's size, masks unmixed."""
    sample = AVSBench(s4, "s4", "test", size=48)[0]

    assert sample.frames.shape[-2:] == sample.masks.shape[-2:] == (48, 48)
    assert set(sample.masks.unique().tolist()) == {0, 1}
    assert 0 <= sample.frames.min() <= sample.frames.max() <= 1


def test_sound_comes_from_the_pickle_or_the_wav(s4):
    """The stored log-mel is preferred; either source can be asked for."""
    clip = next(clip for clip in read_index(s4, "s4") if clip.split == "test")
    from_wav = log_mel_blocks(read_wav(clip.wav))
    clip.log_mel.parent.mkdir(parents=True)
    write_log_mel(clip.log_mel, torch.full((5, 1, 96, 64), 0.5))

    def sound(source):
        return AVSBench(s4, "s4", "test", size=32, sound=source)[0].log_mel

    assert (sound("auto") == 0.5).all()
    assert (sound("log_mel") == 0.5).all()
    assert torch.equal(sound("wav"), from_wav)
    clip.log_mel.unlink()
    assert torch.equal(sound("auto"), from_wav)
    with pytest.raises(DataError, match=r"\.pkl"):
        sound("log_mel")


def test_another_offset_takes_the_wav(s4):
    """For YAMNet's offset the wav is used where there is one, for it loses nothing."""
    clip = next(clip for clip in read_index(s4, "s4") if clip.split == "test")
    exact = log_mel_blocks(read_wav(clip.wav), offset=0.001)
    clip.log_mel.parent.mkdir(parents=True)
    write_log_mel(clip.log_mel, log_mel_blocks(read_wav(clip.wav)))

    with_wav = AVSBench(s4, "s4", "test", size=32, log_mel_offset=0.001)[0].log_mel
    clip.wav.unlink()
    without = AVSBench(s4, "s4", "test", size=32, log_mel_offset=0.001)[0].log_mel

    assert torch.equal(with_wav, exact)
    torch.testing.assert_close(without, exact, rtol=0, atol=2e-2)


@pytest.mark.parametrize(("seconds", "distinct"), [(3, 3), (5, 5), (6.5, 5)])
def test_short_and_long_sounds(s4, layouts, caplog, seconds, distinct):
    """Missing blocks repeat the last one; surplus ones are cut off, with one warning."""
    clip = next(clip for clip in read_index(s4, "s4") if clip.split == "val")
    layouts.save_wav(clip.wav, seconds, 440)
    dataset = AVSBench(s4, "s4", "val", size=32)

    log_mel = dataset[0].log_mel
    _ = dataset[0]

    assert log_mel.shape == (5, 1, 96, 64)
    assert torch.equal(log_mel[4], log_mel[distinct - 1])
    assert len(caplog.records) == (seconds > 6)


@pytest.mark.parametrize(("subset", "mode", "warns"), [
    ("s4", "RGB", False), ("s4", "01", True), ("ms3", "RGB", True), ("ms3", "01", True),
    ("ms3", "L", False),
])  # fmt: skip
def test_one_warning_where_the_legacy_path_differs(s4, ms3, layouts, caplog, subset, mode, warns):
    """Odd mask modes are read rightly, and AVSBench's other reading is said once a dataset."""
    root = {"s4": s4, "ms3": ms3}[subset]
    for path in root.rglob("gt_masks/**/*.png"):
        grey = np.asarray(Image.open(path).convert("L"))
        image = Image.fromarray(grey // 255 if mode == "01" else grey)
        image.convert("RGB" if mode == "RGB" else "L").save(path)
    dataset = AVSBench(root, subset, "test", size=32)

    with caplog.at_level(logging.WARNING):
        masks = [dataset[0].masks for _ in range(2)][1]

    assert (masks[0, 0].numpy() == layouts.truth(1)).all()
    assert len(caplog.records) == warns
    assert ("AVSBench" in caplog.text) == warns


def test_missing_files_are_named(s4):
    """A missing frame, mask or sound is an error with its path."""
    clip = next(clip for clip in read_index(s4, "s4") if clip.split == "val")
    for path in (clip.wav, clip.masks[2], clip.frames[4]):
        path.unlink()
        with pytest.raises(DataError, match=path.name):
            _ = AVSBench(s4, "s4", "val", size=32)[0]


def test_an_unknown_or_empty_split_is_an_error(s4):
    """Splits are train, val and test, and must name clips."""
    with pytest.raises(DataError, match="train, val or test"):
        AVSBench(s4, "s4", "training")
    index = s4 / "Single-source" / "s4_meta_data.csv"
    lines = [line for line in index.read_text().splitlines() if not line.endswith("val")]
    index.write_text("\n".join(lines))
    with pytest.raises(DataError, match="no clip"):
        AVSBench(s4, "s4", "val")


def test_clips_stack_to_a_batch(ms3):
    """A loader's batch has B in front of every tensor."""
    loader = torch.utils.data.DataLoader(
        AVSBench(ms3, "ms3", "train", size=32), batch_size=2, collate_fn=collate
    )

    (batch,) = loader

    assert batch.names == ("aa_0", "bb_0")
    assert batch.frames.shape == (2, 5, 3, 32, 32)
    assert batch.labelled.shape == (2, 5)
