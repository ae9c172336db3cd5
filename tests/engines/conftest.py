"""Plans and jobs for engines to work on."""

import dataclasses

import pytest

from avsseg.inputs import plan_jobs
from avsseg.media.outputs import OutputSettings
from avsseg.predict_jobs import Plan


@pytest.fixture
def plan(tiny_checkpoint):
    """The tiny network on the CPU, writing a table for each video."""
    return Plan(weights=tiny_checkpoint, device="cpu", outputs=OutputSettings(kinds=("csv",)))


@pytest.fixture
def films(make_film, tmp_path):
    """Makes a folder of films, the first of them no film at all, and the jobs over it."""

    def make(count, **changes):
        for number in range(1, count):
            make_film(f"in/{number}.mkv", **changes)
        (tmp_path / "in/0.mkv").write_text("this is no film")
        return plan_jobs([str(tmp_path / "in")], tmp_path / "out")

    return make


@pytest.fixture
def longer():
    """Films over which a worker is busy for a while."""
    return {"seconds": 30, "size": (32, 32)}


@pytest.fixture
def check_done(tmp_path):
    """Each film has its table and record, the bad one a reason, and nothing else is there."""

    def check(reports, count):
        by_name = {report.source.stem: report for report in reports}
        assert len(reports) == len(by_name) == count
        assert "0.mkv: not a video file" in by_name.pop("0").reason
        # A worker that is killed between the end of a film and its report leaves it finished.
        others = [report for report in by_name.values() if report.status != "done"]
        assert all(report.reason == "finished before" for report in others) and len(others) <= 1
        places = sorted(
            path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*")
        )
        assert [place.as_posix() for place in places] == sorted(
            f"{name}{file}" for name in by_name for file in ("", "/frames.csv", "/manifest.json")
        )

    return check


@pytest.fixture
def without_weights(plan, tmp_path):
    """A plan with a weight file that is none."""
    path = tmp_path / "bad.safetensors"
    path.write_bytes(b"\0" * 64)
    return dataclasses.replace(plan, weights=path)
