"""The torchvision guard, each case in an interpreter of its own: an import happens only once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def run(code: str, *, stand_in: Path | None = None) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([*([str(stand_in)] if stand_in else []), str(ROOT)])
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def stand_in(folder: Path, source: str) -> Path:
    (folder / "torchvision").mkdir()
    (folder / "torchvision" / "__init__.py").write_text(source)
    return folder


def test_timm_imports_after_the_guard():
    """Whatever the state of the installed torchvision, timm can be imported after the guard."""
    done = run(
        "from avsseg.torchvision_guard import ensure_torchvision\n"
        "print(ensure_torchvision()); import timm.models; import torchvision.transforms\n"
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in {"native", "guarded"}


def test_guard_can_be_called_twice():
    """The second call tells the same state and declares nothing again."""
    done = run(
        "from avsseg.torchvision_guard import ensure_torchvision as ensure\n"
        "assert ensure() == ensure()\n"
    )

    assert done.returncode == 0, done.stderr


def test_healthy_torchvision_is_untouched(tmp_path):
    """Where torchvision imports, no operator is declared and torch is not even loaded."""
    folder = stand_in(tmp_path, "answer = 42\n")
    done = run(
        "import sys; from avsseg.torchvision_guard import ensure_torchvision\n"
        "print(ensure_torchvision(), 'torch' in sys.modules)\n"
        "import torchvision; print(torchvision.answer)\n",
        stand_in=folder,
    )

    assert done.stdout.split() == ["native", "False", "42"], done.stderr


def test_missing_operator_is_declared_and_the_import_repeated(tmp_path):
    """A torchvision that fails on its own missing operator imports at the second attempt."""
    folder = stand_in(
        tmp_path,
        "import torch\n"
        "if not hasattr(torch.ops.torchvision, 'nms'):\n"
        "    raise RuntimeError('operator torchvision::nms does not exist')\n",
    )
    done = run(
        "from avsseg.torchvision_guard import ensure_torchvision\n"
        "print(ensure_torchvision())\n"
        "import torch, torchvision; torch.ops.torchvision.qnms\n",
        stand_in=folder,
    )

    assert done.stdout.strip() == "guarded", done.stderr


def test_absent_torchvision_is_told(tmp_path):
    """Without torchvision the guard says so instead of failing."""
    done = run(
        "import sys\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'torchvision':\n"
        "            raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Hide())\n"
        "from avsseg.torchvision_guard import ensure_torchvision\n"
        "print(ensure_torchvision())\n"
    )

    assert done.stdout.strip() == "absent", done.stderr


@pytest.mark.parametrize("failure", ["RuntimeError('no room')", "ModuleNotFoundError(name='PIL')"])
def test_other_failures_are_not_hidden(tmp_path, failure):
    """A torchvision that fails for another reason fails as it would have without the guard."""
    folder = stand_in(tmp_path, f"raise {failure}\n")
    done = run(
        "from avsseg.torchvision_guard import ensure_torchvision; ensure_torchvision()",
        stand_in=folder,
    )

    assert done.returncode == 1
    assert failure.split("(")[0] in done.stderr.splitlines()[-1]
