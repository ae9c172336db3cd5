"""The config of a run: read strictly, changed by name, written in full."""

from pathlib import Path

import pytest

from avsseg.errors import ConfigError
from avsseg.training.config_file import differences, read_config, to_toml

ROOT = Path(__file__).parents[2]

SMALL = """
name = "small"
[model]
preset = "compact"
latent_dim = 8
[data.avsbench]
root = "somewhere"
subset = "ms3"
[optimisation]
epochs = 3
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


def test_defaults_are_the_papers(small):
    """Section IV-A: Adam at 1e-4 without decay or schedule, batch 4, lambda 1 and 0.1, tau 1."""
    config = read_config(small)
    optimisation, objective = config.optimisation, config.objective

    assert (optimisation.optimizer, optimisation.lr, optimisation.batch) == ("adam", 1e-4, 4)
    assert (optimisation.weight_decay, optimisation.schedule) == (0, "constant")
    assert (objective.simple_weight, objective.contrastive_weight) == (1, 0.1)
    assert objective.temperature == 1


def test_preset_is_a_start_that_the_table_changes(small):
    """The rest of the preset stays."""
    model = read_config(small).model

    assert model.backbone == "tf_efficientnet_lite2"
    assert model.latent_dim == 8


@pytest.mark.parametrize(
    ("setting", "known"),
    [
        ("optimisation.learning_rate=1", "lr"),
        ("model.latent=3", "latent_dim"),
        ("objective.tau=1", "temperature"),
        ("data.avsbench.folder=x", "root"),
        ("modle.latent_dim=3", "model"),
    ],
)
def test_unknown_settings_are_errors_that_list_the_known(small, setting, known):
    """A misspelt key never passes in silence."""
    with pytest.raises(ConfigError, match=rf"unknown setting .*known here: .*\b{known}\b"):
        read_config(small, [setting])


def test_settings_are_typed(small):
    """Numbers, booleans, lists and words are taken as TOML has them; paths need no quotes."""
    config = read_config(
        small,
        [
            "optimisation.lr=1e-3",
            "optimisation.freeze_backbone = true",
            "model.tpavi_stages=[3,4]",
            "data.avsbench.root=~/my data",
            "validation.clips=7",
        ],
    )

    assert config.optimisation.lr == 1e-3
    assert config.optimisation.freeze_backbone is True
    assert config.model.tpavi_stages == (3, 4)
    assert config.data.avsbench.root == "~/my data"
    assert config.validation.clips == 7


@pytest.mark.parametrize(
    "setting",
    [
        "optimisation.batch=four",
        "optimisation.batch=2.5",
        "optimisation.batch=0",
        "optimisation.lr=-1",
        "optimisation.ema=1",
        "optimisation.epochs=0",
        "optimisation.precision=fp8",
        "optimisation",
        "name.x=1",
        "name=a/b",
        "model.num_frames=10",
        "model.num_classes=71",
        "model.preset=huge",
        "data.avsbench.flip=2",
        "data.avsbench.feature_cache=here",
        "data.replay.bank=x",
    ],
)
def test_settings_that_make_no_run_are_refused(small, setting):
    """Wrong types, values out of range and parts that do not fit each other."""
    with pytest.raises(ConfigError):
        read_config(small, [setting])


def test_replay_needs_frozen_encoders_and_no_pixels(small, tmp_path):
    """Stored features cannot be trained through, nor hold what a pixel condition would read."""
    path = tmp_path / "replay.toml"
    text = SMALL.replace(
        '[data.avsbench]\nroot = "somewhere"\nsubset = "ms3"', "[data.replay]\nbank='x'"
    )
    path.write_text(text)

    with pytest.raises(ConfigError, match="freeze_backbone"):
        read_config(path)
    frozen = "optimisation.freeze_backbone=true"
    with pytest.raises(ConfigError, match="condition_source"):
        read_config(path, [frozen, "model.condition_source=rgb"])
    assert read_config(path, [frozen]).data.replay.bank == "x"


def test_config_survives_being_written(small, tmp_path):
    """What ``config.toml`` says, defaults and all, is the run's config again."""
    for settings in ([], ['data.avsbench.root=a "b" c\\d', "optimisation.minutes=1e-5"]):
        config = read_config(small, settings)
        path = tmp_path / "resolved.toml"
        path.write_text(to_toml(config), encoding="utf-8")

        assert read_config(path) == config
        assert "preset" not in path.read_text()


def test_differences_are_named(small):
    """What a resumption changes can be told."""
    old, new = read_config(small), read_config(small, ["optimisation.epochs=5"])

    assert differences(old, new) == {"optimisation.epochs": 5}
    assert differences(old, old) == {}


def test_missing_and_broken_files_are_one_line(tmp_path):
    """A path that is no TOML is named."""
    (tmp_path / "broken.toml").write_text("name = ")

    for name in ("nowhere.toml", "broken.toml"):
        with pytest.raises(ConfigError, match=name):
            read_config(tmp_path / name)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples").glob("train_*.toml")), ids=lambda path: path.name
)
def test_example_configs_are_valid(path):
    """Every recipe that ships can be read."""
    config = read_config(path)

    assert config.name in path.stem
