"""Probabilities as they were predicted, in one npz file."""

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import numpy as np

from avsseg.media.blend import Mask
from avsseg.media.publish import publish_file


@contextmanager
def open_soft_maps(
    path: Path, *, source: Path | None = None, overwrite: bool = False
) -> Iterator["SoftMaps"]:
    """Lends a writer of an npz file that ``numpy.load`` reads.

    Its arrays are ``masks`` (N, h, w) float16, the probabilities on the network's grid;
    ``times_s`` (N,) float64, seconds on the source's clock; ``index`` (N,) int64. However many
    there are, only one mask is held in memory.

    Raises:
        MediaError: the file cannot be written.
    """
    with (
        publish_file(path, overwrite=overwrite, source=source) as temporary,
        TemporaryFile(dir=path.parent) as raw,
    ):
        writer = SoftMaps(raw)
        yield writer
        writer.save(temporary)


class SoftMaps:
    """One npz file in the making; see ``open_soft_maps``."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._times: list[float] = []
        self._index: list[int] = []
        self._grid: tuple[int, ...] = (0, 0)

    def write(self, number: int, time: Fraction, mask: Mask) -> None:
        """Add the probabilities of one moment.

        Shapes:
            mask (h, w) float32 in [0, 1]; (K, h, w) where there are classes; always the same
        """
        if self._index and mask.shape != self._grid:
            raise ValueError(f"masks of {self._grid} and {mask.shape} do not fit in one array")
        self._grid = mask.shape
        self._index.append(number)
        self._times.append(float(time))
        self._raw.write(mask.astype("<f2").tobytes())

    def save(self, path: Path) -> None:
        """Write the archive: the array's shape is known only now, so its content was set aside."""
        self._raw.seek(0)
        shape = (len(self._index), *self._grid)
        header = {"descr": "<f2", "fortran_order": False, "shape": shape}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open("masks.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array_header_1_0(member, header)
                shutil.copyfileobj(self._raw, member, 1 << 20)
            _add(archive, "times_s", np.array(self._times, np.float64))
            _add(archive, "index", np.array(self._index, np.int64))


def _add(archive: zipfile.ZipFile, name: str, array: Any) -> None:
    with archive.open(f"{name}.npy", "w") as member:
        np.lib.format.write_array(member, array, allow_pickle=False)
