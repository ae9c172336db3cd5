from dataclasses import replace

import numpy as np
import pytest

from avsseg.data.choice import happens
from avsseg.data.compose import compose_scene, sample_rng
from avsseg.data.cutouts import CutOut
from avsseg.data.draft import Draft
from avsseg.data.finish import draw_look
from avsseg.data.kinds import confusable
from avsseg.data.motion import Pose, Window, camera_path, object_path, seen_through
from avsseg.data.options import SceneOptions
from avsseg.data.paste import Layer, paste
from avsseg.data.placing import draw_area, place
from avsseg.data.scene import target

PLAIN = SceneOptions(
    natural=0,
    whole=0,
    collage=0,
    decoys=0,
    group=0,
    player=0,
    small=0,
    jitter=0,
    blur=0,
    noise=0,
    jpeg=0,
    labelled_ground=0,
    plain_ground=0,
    overlap=0,
)
NATURAL = replace(PLAIN, natural=1.0, added=0.0)
COLOURS = {"dog": (220, 30, 30), "guitar": (30, 200, 40), "clock": (40, 60, 230)}


BOARD = CutOut(pixels=np.zeros((40, 40, 3), np.uint8), mask=np.full((40, 40), 255, np.uint8))


def _draft(view, options):
    rng = np.random.default_rng(1)
    return Draft(view=view, rng=rng, options=options, num_frames=1, size=64, aspect=1.0)


def _scenes(view, options, count=20, **kwargs):
    return [compose_scene(view, sample_rng(7, n), options, **kwargs) for n in range(count)]


def _lead(scene, name):
    """How much stronger the colour of a category is than the others, in each pixel."""
    frame, hue = scene.frames[0].astype(float), np.argmax(COLOURS[name])
    return frame[..., hue] - np.delete(frame, hue, axis=-1).max(axis=-1)


def test_the_same_seed_and_index_give_the_same_scene(train_view):
    """Bank, seed and index decide every pixel, whatever was composed before."""
    first = compose_scene(train_view, sample_rng(3, 11), num_frames=2, size=64)
    compose_scene(train_view, sample_rng(3, 12), size=64)
    again = compose_scene(train_view, sample_rng(3, 11), num_frames=2, size=64)
    other = compose_scene(train_view, sample_rng(4, 11), num_frames=2, size=64)

    assert np.array_equal(first.frames, again.frames)
    assert np.array_equal(first.masks, again.masks)
    assert not np.array_equal(first.frames, other.frames)


@pytest.mark.parametrize("num_frames", [1, 5])
def test_scenes_have_the_promised_shapes(train_view, num_frames):
    """Frames are uint8 RGB, masks boolean and disjoint, categories unique."""
    for scene in _scenes(train_view, SceneOptions(), num_frames=num_frames, size=48):
        assert scene.frames.shape == (num_frames, 48, 48, 3)
        assert scene.frames.dtype == np.uint8
        assert scene.masks.shape == (len(scene.categories), num_frames, 48, 48)
        assert scene.masks.dtype == np.bool_
        assert scene.masks.sum(axis=0).max(initial=0) <= 1
        assert len(set(scene.categories)) == len(scene.categories)
        assert not scene.uncertain & set(scene.categories)


def test_masks_cover_their_objects(train_view):
    """Pixels of a mask have the colour of their object, pixels outside have not."""
    for scene in _scenes(train_view, PLAIN, size=96):
        for name, mask in zip(scene.categories, scene.masks[:, 0], strict=True):
            lead = _lead(scene, name)
            assert np.mean(lead[mask] > 40) > 0.85
            assert np.mean(lead[~mask] > 60) < 0.05


def test_the_sizes_of_pasted_objects_keep_to_their_range(train_view):
    """A range of 10 to 20 percent gives objects of about that size."""
    options = replace(PLAIN, num_objects=(0, 1), area=(0.1, 0.2))
    areas = [scene.cast.areas[0] for scene in _scenes(train_view, options, size=96)]

    assert min(areas) > 0.03
    assert max(areas) < 0.3
    assert 0.08 < np.mean(areas) < 0.2


def test_a_close_up_is_larger_than_the_frame_and_covers_its_middle(train_view):
    """Its size is drawn from a range of its own, and no edge of it is held inside the frame."""
    draft = _draft(train_view, replace(PLAIN, close=1.0, close_area=(1.5, 2.5)))
    for _ in range(40):
        area = draw_area(draft, 1)
        assert 1.5 <= area <= 2.5
        pose = place(draft, BOARD, area, None)
        assert pose.width * pose.height == pytest.approx(area)
        assert abs(pose.x - 0.5) <= 0.3 * pose.width
        assert abs(pose.y - 0.5) <= 0.3 * pose.height
    (scene,) = _scenes(train_view, replace(draft.options, num_objects=(0, 1)), count=1, size=64)
    edges = scene.masks[0, 0][[0, -1]].any() or scene.masks[0, 0][:, [0, -1]].any()
    assert edges


def test_a_rolled_object_may_stand_on_its_head(train_view):
    """Without roll turns are a few degrees; with it any angle comes about."""
    turns = {}
    for roll in (0.0, 1.0):
        draft = _draft(train_view, replace(PLAIN, roll=roll))
        poses = [place(draft, BOARD, 0.1, None) for _ in range(40)]
        turns[roll] = max(abs(pose.angle) for pose in poses)
    assert turns[0.0] < 30
    assert turns[1.0] > 120


def test_stretch_changes_the_shape_and_keeps_the_area(train_view):
    """An object seen aslant is narrower and taller, or wider and lower."""
    draft = _draft(train_view, replace(PLAIN, stretch=0.3))
    poses = [place(draft, BOARD, 0.1, None) for _ in range(40)]
    assert np.std([np.log(pose.width / pose.height) for pose in poses]) > 0.15
    np.testing.assert_allclose([pose.width * pose.height for pose in poses], 0.1, rtol=1e-9)


def test_leaning_objects_stay_under_their_masks_in_a_scene(train_view):
    """Scenes of leaning objects are others, with masks that fit as before."""
    upright = _scenes(train_view, PLAIN, size=96)
    leaning = _scenes(train_view, replace(PLAIN, lean=0.08), size=96)
    pairs = zip(upright, leaning, strict=True)
    assert not any(np.array_equal(a.frames, b.frames) for a, b in pairs if b.categories)
    for scene in leaning:
        for name, mask in zip(scene.categories, scene.masks[:, 0], strict=True):
            lead = _lead(scene, name)
            assert np.mean(lead[mask] > 40) > 0.85


def test_dim_frames_are_darker_than_all_others():
    """The look of a dim scene multiplies its brightness."""
    rng = np.random.default_rng(0)
    bright = [draw_look(rng, replace(PLAIN, dim=0.0)).brightness for _ in range(50)]
    dim = [draw_look(rng, replace(PLAIN, dim=1.0)).brightness for _ in range(50)]
    assert max(dim) < min(bright)


def test_what_never_happens_leaves_other_draws_alone():
    """An option at zero takes no random number, so old seeds keep their scenes."""
    first, second = np.random.default_rng(5), np.random.default_rng(5)
    assert not happens(first, 0.0)
    assert first.random() == second.random()


def test_a_group_counts_as_one_category(train_view):
    """Several dogs share the mask of the category dog."""
    options = replace(PLAIN, num_objects=(0, 1), group=1.0, group_sizes=(4, 4), area=(0.2, 0.2))
    scenes = _scenes(train_view, options, size=96)

    assert all(len(scene.categories) == 1 for scene in scenes)


def test_what_is_pasted_later_hides_what_is_behind():
    """The front owns the shared pixels; a silent thing in front belongs to nobody."""
    frame, owners = np.zeros((40, 40, 3), np.float32), np.zeros((40, 40), np.uint8)
    square = CutOut(pixels=np.full((20, 20, 3), 200, np.uint8), mask=np.full((20, 20), 255, "u1"))
    pose = Pose(x=0.5, y=0.5, width=0.5, height=0.5, angle=0)
    for label, x in ((1, 0.4), (2, 0.6), (0, 0.9)):
        layer = Layer(
            cutout=square,
            label=label,
            path=[pose],
            flip=False,
            feather=0.01,
            inward=False,
            tint=(1, 1, 1),
        )
        paste(frame, owners, layer, replace(pose, x=x))

    assert owners[20, 8] == 1
    assert owners[20, 18] == 2
    assert owners[20, 36] == 0
    assert (owners == 1).sum() == 20 * 8
    assert frame[20, 36, 0] == 200


def test_soft_borders_blend_and_the_mask_ends_halfway():
    """Where the border is half transparent, the pixel still belongs to the object or ends it."""
    frame, owners = np.zeros((60, 60, 3), np.float32), np.zeros((60, 60), np.uint8)
    mask = np.zeros((40, 40), np.uint8)
    mask[10:30, 10:30] = 255
    layer = Layer(
        cutout=CutOut(pixels=np.full((40, 40, 3), 100, np.uint8), mask=mask),
        label=1,
        path=[],
        flip=False,
        feather=2.0,
        inward=False,
        tint=(1, 1, 1),
    )
    paste(frame, owners, layer, Pose(x=0.5, y=0.5, width=40 / 60, height=40 / 60, angle=0))

    assert np.array_equal(owners == 1, frame[..., 0] > 50)
    assert ((frame > 5) & (frame < 95)).any()


def test_crowd_regions_belong_to_their_category(train_view):
    """Whatever part of a natural picture a crowd covers is heard with its category."""
    for scene in _scenes(train_view, NATURAL, size=96):
        frame = scene.frames[0].astype(int)
        red = (frame[..., 0] > 180) & (frame[..., 1] < 80) & (frame[..., 2] < 80)
        dog = scene.masks[scene.categories.index("dog"), 0]
        assert np.mean(dog[red]) > 0.95


def test_a_film_moves_and_its_masks_move_with_it(train_view):
    """Frames of a sequence come in order, each with its own mask."""
    options = replace(NATURAL, panning=0.0, zoom=1.0)
    scene = compose_scene(train_view, sample_rng(0, 0), options, num_frames=5, size=96)
    clock = scene.masks[scene.categories.index("clock")]
    centres = [np.flatnonzero(mask.any(axis=0)).mean() for mask in clock]
    steps = np.diff(centres)

    assert (steps > 0).all() or (steps < 0).all()


def test_the_camera_carries_what_is_pasted_with_it():
    """An object fixed in the scene slides with the ground that it stands on."""
    start = Window(left=0.1, top=0.2, width=0.5, height=0.5)
    pose = Pose(x=0.5, y=0.5, width=0.2, height=0.2, angle=0)
    moved = seen_through(pose, start, replace(start, left=0.2))
    closer = seen_through(pose, start, Window(left=0.225, top=0.325, width=0.25, height=0.25))

    assert seen_through(pose, start, start).x == pytest.approx(0.5)
    assert moved.x == pytest.approx(0.3)
    assert (closer.x, closer.y) == pytest.approx((0.5, 0.5))
    assert (closer.width, closer.height) == pytest.approx((0.4, 0.4))


def test_the_camera_never_leaves_the_picture():
    """However it pans and zooms, its window stays inside."""
    for seed in range(50):
        rng = np.random.default_rng(seed)
        start = Window(left=0.3, top=0.3, width=0.6, height=0.6)
        for window in camera_path(start, rng, num_frames=10, panning=True):
            assert 0 <= window.left <= window.left + window.width <= 1 + 1e-9
            assert 0 <= window.top <= window.top + window.height <= 1 + 1e-9


def test_still_objects_hardly_move():
    """Without motion, an object stays within a pixel or two over a clip."""
    pose = Pose(x=0.5, y=0.5, width=0.2, height=0.2, angle=0)
    for seed in range(20):
        path = object_path(pose, np.random.default_rng(seed), num_frames=5, moving=False)
        assert abs(path[-1].x - 0.5) < 0.03


def test_kinds_that_sound_alike_do_not_meet():
    """Confusing a kind with itself is no confusion."""
    assert confusable("car", "train")
    assert not confusable("dog", "cat")
    assert not confusable("car", "car")


def test_the_target_is_the_union_of_what_sounds():
    """Two sounding categories are both marked, frame by frame; silence marks nothing."""
    masks = np.zeros((2, 3, 4, 4), bool)
    masks[0, :, 0], masks[1, :, 3] = True, True
    sounding = np.array([[True, False, False], [True, True, False]])

    truth = target(masks, sounding)

    assert truth.sum(axis=(1, 2)).tolist() == [8, 4, 0]
    assert truth[1, 3].all()
    empty = target(np.zeros((0, 3, 4, 4), bool), np.zeros((0, 3), bool))
    assert empty.shape == (3, 4, 4) and not empty.any()


def _with_scene(view, **changes):
    frames = tuple(replace(frame, **changes) for frame in view.scenes["davis/train"])
    return replace(view, scenes={"davis/train": frames})


def test_what_a_teacher_was_unsure_of_is_neither_marked_nor_absent(train_view):
    """An unsure dog alone makes the category uncertain; beside a sure one it counts."""
    frame = train_view.scenes["davis/train"][0]
    unsure = tuple(i for i in frame.instances if i.index != 1)
    alone = _with_scene(train_view, guessed=True, instances=unsure)
    beside = _with_scene(train_view, guessed=True)

    scene = compose_scene(alone, sample_rng(0, 0), NATURAL, size=48)
    assert scene.categories == ("clock",)
    assert "dog" in scene.uncertain
    assert set(compose_scene(beside, sample_rng(0, 0), NATURAL, size=48).categories) == {
        "dog",
        "clock",
    }


def test_paste_only_objects_are_never_shown_in_their_own_ground(train_view):
    """Where another sounding thing is left in the picture, a plain ground stands in."""
    objects = {
        name: tuple(replace(item, alone=False) for item in items)
        for name, items in train_view.objects.items()
    }
    options = replace(PLAIN, whole=1.0, added=0.0)
    for scene in _scenes(replace(train_view, objects=objects), options, count=5, size=32):
        assert scene.categories == ()
