import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from avsseg.data.bank import Bank
from avsseg.data.cache import ArrayCache
from avsseg.data.cutouts import Source, cut_out, find_sources
from avsseg.errors import DataError


def test_splits_share_nothing(bank):
    """No file of the training split is offered for validation."""
    paths = [
        {item.path for items in view.objects.values() for item in items}
        | {item.path for items in view.sounds.values() for item in items}
        | {item.path for frames in view.scenes.values() for item in frames}
        | {item.path for item in (*view.noise, *view.offscreen)}
        for view in (bank.split("train"), bank.split("val"))
    ]

    assert paths[0] and paths[1]
    assert not paths[0] & paths[1]


def test_frames_of_a_film_stand_together_in_order(train_view):
    """Pictures of one sequence form one scene; a still is a scene of its own."""
    assert sorted(train_view.scenes) == ["coco/train", "davis/train"]
    names = [frame.path.stem for frame in train_view.scenes["davis/train"]]
    assert names == [f"train_{number:05d}" for number in range(6)]


def test_a_scene_without_sounding_things_is_a_bare_ground(train_view):
    """Only stills in which everything is labelled serve as empty grounds."""
    assert [path.name for path in train_view.grounds] == ["train.jpg"]
    assert train_view.sequences["dog"] == ("davis/train",)


def test_a_star_marks_a_crowd_and_is_not_part_of_the_name(train_view):
    """``dog*`` is a crowd region of the category dog."""
    crowd = train_view.scenes["davis/train"][0].instances[3]

    assert (crowd.name, crowd.category, crowd.crowd) == ("dog", "dog", True)


def test_recordings_are_mono_16_khz_with_their_running_loudness(bank, train_view):
    """The last entry is the sum of the levels of all blocks of 10 ms."""
    samples, loudness = bank.recording(train_view.sounds["dog"][0])

    assert samples.dtype == np.int16
    assert samples.size == 64_000
    assert loudness[-1] == pytest.approx(400 * 0.11 / np.sqrt(2), rel=1e-2)
    assert loudness.size == 401


def test_silent_instances_are_offered_as_decoys_and_crowds_are_not_cut_out(train_view):
    """A box has no category, so it may be pasted anywhere; a crowd region is no object."""
    sources = find_sources(train_view)

    assert {source.index for group in sources.silent for source in group} == {3}
    film = [group for group in sources.by_category["dog"] if "davis" in str(group[0].path)]
    assert {source.index for group in film for source in group} == {1}


def test_a_cut_out_keeps_a_margin_of_its_ground(train_view):
    """The crop holds the whole object and some pixels around it."""
    item = train_view.objects["dog"][0]
    piece = cut_out(train_view, Source(path=item.path, index=1))

    assert piece is not None
    assert set(np.unique(piece.mask)) == {0, 255}
    assert not piece.mask[0].any() and not piece.mask[:, -1].any()
    whole = train_view.bank.picture(item.path)[1]
    assert (piece.mask > 0).sum() == whole.sum()


def test_backgrounds_are_optional_and_belong_to_a_split(bank_root, tmp_path):
    """``backgrounds.txt`` adds grounds; a listed picture stays in its own split."""
    shutil.copytree(bank_root, tmp_path / "bank")
    Image.new("RGB", (50, 40)).save(tmp_path / "bank" / "wall.jpg")
    (tmp_path / "bank" / "backgrounds.txt").write_text("wall.jpg\nscenes/coco/val.jpg\n\n")
    bank = Bank.open(tmp_path / "bank")

    assert [path.name for path in bank.split("train").backgrounds] == ["wall.jpg"]
    assert [path.name for path in bank.split("val").backgrounds] == ["val.jpg"]
    assert bank.split("train").grounds == bank.split("train").backgrounds


def test_a_cache_forgets_what_was_used_longest_ago():
    """The budget holds, and what is asked for again is kept."""
    made = []

    def maker(name):
        def make():
            made.append(name)
            return (np.zeros(100, np.uint8),)

        return make

    cache = ArrayCache(250)
    for name in "abaca":
        cache.get(name, maker(name))

    assert made == ["a", "b", "c"]
    assert cache.num_bytes == 200
    cache.get("b", maker("b"))
    assert made[-1] == "b"


def test_cached_arrays_cannot_be_changed_by_accident(bank, train_view):
    """Composers draw on copies."""
    pixels, _ = bank.picture(train_view.objects["dog"][0].path)

    with pytest.raises(ValueError, match="read-only"):
        pixels[0, 0] = 0


def test_a_folder_without_an_index_is_no_bank(tmp_path):
    """The message names the folder and what it lacks."""
    with pytest.raises(DataError, match=r"no index\.csv"):
        Bank.open(tmp_path)


@pytest.mark.parametrize("column", ["path", "kind", "category", "split"])
def test_an_index_without_a_needed_column_is_refused(tmp_path, column):
    """The message names the column."""
    names = [name for name in ("path", "kind", "category", "split") if name != column]
    (tmp_path / "index.csv").write_text(",".join(names) + "\n")

    with pytest.raises(DataError, match=f"column {column}"):
        Bank.open(tmp_path)


def test_an_empty_split_is_refused(bank):
    """A split that the index does not know ends in one line."""
    with pytest.raises(DataError, match="split test"):
        bank.split("test")


def test_a_scene_that_nobody_described_is_refused(bank_root, tmp_path):
    """Every scene needs its entry in ``instances.json``."""
    shutil.copytree(bank_root, tmp_path / "bank")
    (tmp_path / "bank/scenes/instances.json").write_text("{}")

    with pytest.raises(DataError, match=r"instances\.json"):
        Bank.open(tmp_path / "bank").split("train")


def _bank_with(root: Path, tmp_path: Path, name: str, content: bytes) -> Bank:
    shutil.copytree(root, tmp_path / "bank")
    (tmp_path / "bank" / name).write_bytes(content)
    return Bank.open(tmp_path / "bank")


def test_a_damaged_picture_is_named(bank_root, tmp_path):
    """One line names the file."""
    view = _bank_with(bank_root, tmp_path, "objects/dog/train.jpg", b"nothing").split("train")

    with pytest.raises(DataError, match=r"dog/train\.jpg: cannot be read"):
        view.bank.picture(view.objects["dog"][0].path)


def test_a_damaged_recording_is_named(bank_root, tmp_path):
    """One line names the file."""
    view = _bank_with(bank_root, tmp_path, "audio/dog/train.wav", b"nothing").split("train")

    with pytest.raises(DataError, match=r"dog/train\.wav"):
        view.bank.recording(view.sounds["dog"][0])


def test_a_mask_of_another_size_is_refused(bank_root, tmp_path):
    """A mask belongs to its picture pixel by pixel."""
    shutil.copytree(bank_root, tmp_path / "bank")
    Image.new("1", (3, 3)).save(tmp_path / "bank/objects/dog/train.png")
    view = Bank.open(tmp_path / "bank").split("train")

    with pytest.raises(DataError, match="its size differs"):
        view.bank.picture(view.objects["dog"][0].path)
