"""Evaluation of class maps (AVSS), from a network of 71 classes and ten frames."""

import dataclasses

import numpy as np
import pytest
import torch

from avsseg.errors import UsageError
from avsseg.evaluation.evaluation import EvalOptions
from avsseg.evaluation.run import evaluate_avsbench
from avsseg.model.build import build_model


@pytest.fixture(scope="module")
def root(tmp_path_factory, layouts):
    return layouts.write_avss(tmp_path_factory.mktemp("avss"))


@pytest.fixture(scope="module")
def model(tiny_config):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_model(
            dataclasses.replace(tiny_config, num_classes=71, num_frames=10, presence_gate=False)
        ).eval()


def test_class_maps_are_scored_by_the_fixed_and_the_legacy_rules(model, root):
    """Two clips of v1 are padded to ten frames, of which six are labelled; two seeds."""
    found, facts = evaluate_avsbench(
        model, root, EvalOptions(seeds=(0, 1)), subset="avss", split="train"
    )

    means = found.report.means
    assert means["frames"] == 6
    assert {"miou", "miou_legacy", "miou_no_background"} <= means.keys()
    assert 0 <= means["miou"] <= 1
    assert found.spread.keys() >= {"miou", "f"}
    assert np.isfinite([v for v in means.values() if isinstance(v, float)]).all()
    assert facts["subset"] == "avss"
    assert found.findings["parameters"][-1]["part"] == "total"


def test_a_network_of_one_class_does_not_fit(tiny_config, root):
    """Binary networks are refused before anything is computed."""
    with pytest.raises(UsageError, match="does not fit avss"):
        evaluate_avsbench(build_model(tiny_config), root, EvalOptions())
