"""The processes that make batches end with the training, whatever they are at."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
import time

import torch
from torch.utils.data import IterableDataset

from avsseg.errors import DataError
from avsseg.training.sources import _batches


class Clips(IterableDataset):
    def __iter__(self):
        yield torch.zeros(1)
        if sys.argv[1] == "error":
            raise DataError("x.jpg: cannot be read")
        time.sleep(1000)


def train():
    stream = _batches(Clips(), 1, False, batch_size=None)
    next(stream)
    if sys.argv[1] != "done":
        next(stream)
    stream.close()


try:
    train()
except DataError as error:
    sys.exit(f"told: {error}")
"""


@pytest.mark.parametrize(("what", "status", "told"), [("done", 0, ""), ("error", 1, "told: x.jpg")])
def test_a_program_ends_though_its_loader_does_not(what, status, told):
    """Loader processes ignore SIGTERM, so that a launcher's signal leaves the end to the trainer.

    One that hangs, or is still referred to by an error's traceback, kept the program from ending.
    """
    command = [sys.executable, "-c", PROGRAM, what]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert ended.returncode == status
    assert ended.stderr.startswith(told)
    assert "Traceback" not in ended.stderr
