"""Where the files of each layout are, read from the published index files."""

import pytest

from avsseg.data.layout import existing_frame, find_subsets, read_index
from avsseg.errors import DataError


def test_s4_paths_hold_split_and_category(tmp_path, layouts):
    """S4 files lie under split and category; a train clip has one mask, others five."""
    train, _, val, _ = read_index(layouts.write_s4(tmp_path), "s4")
    data = tmp_path / "Single-source" / "s4_data"

    assert train.frames[4] == data / "visual_frames/train/dog/dog_1/dog_1_5.png"
    assert train.masks == (data / "gt_masks/train/dog/dog_1/dog_1_1.png",)
    assert train.log_mel == data / "audio_log_mel/train/dog/dog_1.pkl"
    assert train.video == data / "raw_videos/train/dog/dog_1.mp4"
    assert len(val.masks) == 5
    assert val.category == "dog"


def test_ms3_frames_keep_their_odd_names(tmp_path, layouts):
    """MS3's frame files have ``.mp4`` inside the name and no split in the path."""
    clip = read_index(layouts.write_ms3(tmp_path), "ms3")[2]
    data = tmp_path / "Multi-sources" / "ms3_data"

    assert clip.frames[0] == data / "visual_frames/cc_0/cc_0.mp4_1.png"
    assert clip.masks[0] == data / "gt_masks/val/cc_0/cc_0_1.png"
    assert clip.wav == data / "audio_wav/val/cc_0.wav"
    assert clip.video == data / "raw_videos/cc_0.mp4"


def test_avss_counts_from_zero(tmp_path, layouts):
    """AVSS numbers frames from 0; v1s train has one mask, v1m five, v2 ten."""
    single, multi, second = read_index(layouts.write_avss(tmp_path), "avss")

    assert single.frames[0] == tmp_path / "v1s/v1s_a/frames/0.jpg"
    assert [len(clip.frames) for clip in (single, multi, second)] == [5, 5, 10]
    assert [len(clip.masks) for clip in (single, multi, second)] == [1, 5, 10]
    assert second.wav == tmp_path / "v2/v2_c/audio.wav"


def test_every_file_that_is_named_exists(tmp_path, layouts):
    """The makers of the tests and the reader agree about every path."""
    for subset, write in (("s4", layouts.write_s4), ("ms3", layouts.write_ms3)):
        for clip in read_index(write(tmp_path), subset):
            assert all(path.exists() for path in (*clip.frames, *clip.masks, clip.wav))


def test_the_root_may_be_the_folder_itself_or_the_one_above(tmp_path, layouts):
    """``Single-source`` and the folder above it are both good."""
    layouts.write_s4(tmp_path)

    assert read_index(tmp_path, "s4") == read_index(tmp_path / "Single-source", "s4")
    assert find_subsets(tmp_path) == ("s4",)


def test_a_folder_without_index_says_what_is_missing(tmp_path):
    """The error names the file that was looked for."""
    with pytest.raises(DataError, match=r"ms3_meta_data\.csv"):
        read_index(tmp_path, "ms3")
    with pytest.raises(DataError, match="no AVSBench folder"):
        find_subsets(tmp_path)


@pytest.mark.parametrize("text", ["", "a,b\nx,y\n", "name,start,category,split\n"])
def test_a_broken_index_is_one_line(tmp_path, text):
    """An empty index, one without ``split`` and one without clips are each an error."""
    (tmp_path / "s4_meta_data.csv").write_text(text)

    with pytest.raises(DataError, match=r"s4_meta_data\.csv"):
        read_index(tmp_path, "s4")


def test_a_short_line_is_named(tmp_path):
    """A line with too few columns is named by its number."""
    (tmp_path / "ms3_meta_data.csv").write_text("video_id,split\na,train\nb\n")

    with pytest.raises(DataError, match="line 3"):
        read_index(tmp_path, "ms3")


def test_a_frame_is_found_under_the_other_naming(tmp_path):
    """MS3 frames renamed without ``.mp4``, and S4 frames named with it, are found."""
    (tmp_path / "a_1.png").touch()
    (tmp_path / "b.mp4_2.png").touch()

    assert existing_frame(tmp_path / "a.mp4_1.png").name == "a_1.png"
    assert existing_frame(tmp_path / "b_2.png").name == "b.mp4_2.png"
    assert existing_frame(tmp_path / "c_1.png").name == "c_1.png"
