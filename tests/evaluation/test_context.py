"""The provenance of a figure: digest, training run, kind of data."""

import hashlib
import json

import pytest

from avsseg.checkpoint import load_checkpoint
from avsseg.evaluation.context import dataset_facts, run_context, sha256_of, training_config
from avsseg.evaluation.evaluation import EvalOptions
from avsseg.training.starting_weights import Match


def test_the_context_can_be_made_into_json(tiny_checkpoint):
    """Digest, network, seeds and versions, all plain values."""
    model = load_checkpoint(tiny_checkpoint)
    context = run_context(tiny_checkpoint, model, EvalOptions(seeds=(4, 5)))

    assert json.loads(json.dumps(context))["seeds"] == [4, 5]
    digest = hashlib.sha256(tiny_checkpoint.read_bytes()).hexdigest()
    assert context["checkpoint"]["sha256"] == digest == sha256_of(tiny_checkpoint)
    assert context["model"]["backbone"] == "test_efficientnet"
    assert context["training"] is None


@pytest.mark.parametrize("inner", ["best.safetensors", "last/model.safetensors"])
def test_a_checkpoint_in_a_run_brings_the_run_s_config(tmp_path, inner):
    """config.toml, and from the log what the run took its first weights from."""
    (tmp_path / "config.toml").write_text('name = "ours"\n[objective]\ncontrastive_weight = 0.1\n')
    match = Match(taken=("a", "b"), missing=("c",), misshapen=(), unused=())
    (tmp_path / "log.txt").write_text(f"2026 init-from runs/train/s4: {match}\n2026 step 1\n")

    found = training_config(tmp_path / inner)

    assert found["name"] == "ours"
    assert found["objective"] == {"contrastive_weight": 0.1}
    assert found["init_from"] == "runs/train/s4"


def test_a_run_from_scratch_started_from_nothing(tmp_path):
    """Without such a line in the log the origin is empty."""
    (tmp_path / "config.toml").write_text('name = "ours"\n')

    assert training_config(tmp_path / "best.safetensors")["init_from"] == ""


def test_only_the_published_number_of_clips_is_the_published_split(tmp_path, layouts):
    """A handful of clips is not, and neither is a composed set of any size."""
    root = layouts.write_ms3(tmp_path)

    assert dataset_facts(root, "ms3", "test", 64)["published"] is True
    assert dataset_facts(root, "ms3", "test", 1)["published"] is False
    (root / "Multi-sources" / "synthetic.json").write_text("{}")
    facts = dataset_facts(root, "ms3", "test", 64)
    assert facts["synthetic"] is True
    assert facts["published"] is False
