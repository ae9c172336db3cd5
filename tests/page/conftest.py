"""Pages of small films made on the fly, and a real browser where there is one."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from avsseg.media.sound import measure_sound
from avsseg.media.spectrogram import SpectrogramMeter
from avsseg.media.table_writer import FrameRow, open_frame_table
from avsseg.page.film_page import write_film_page
from avsseg.run_record import Recipe

AAC = ({"codec": "aac"},)
SHA = "ab" * 32
RATE = 4


def write_table(path: Path, areas: list[float], **columns: list[Any]) -> None:
    """A table with four moments a second."""
    with open_frame_table(path, extra=tuple(columns), overwrite=True) as table:
        for index, area in enumerate(areas):
            time = Fraction(2 * index + 1, 2 * RATE)
            table.write(
                FrameRow(
                    index=index,
                    pts=round(time * 1000),
                    time=time,
                    score=0.8 if area else 0.0,
                    area=area,
                    box=(0, 0, 4, 4) if area else None,
                    loudness_db=-20.0,
                    extra={name: values[index] for name, values in columns.items()},
                )
            )


@pytest.fixture
def make_page(make_film: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """``make_page("a.mp4", areas=[...], table={...}, **film)``: a film, its table and its page."""

    def make(
        name: str = "film.mp4",
        *,
        areas: list[float],
        table: dict[str, list[Any]] | None = None,
        notes: tuple[str, ...] = (),
        overlay_bytes: bytes | None = None,
        **film: Any,
    ) -> Path:
        source = make_film("film.mp4", **{"sounds": AAC, "size": (128, 96), **film})
        source = source.rename(source.with_name(name))
        folder = tmp_path / "out" / source.stem
        folder.mkdir(parents=True)
        outputs = {"overlay": folder / "overlay.mp4", "csv": folder / "frames.csv"}
        outputs["overlay"].write_bytes(overlay_bytes or source.read_bytes())
        write_table(outputs["csv"], areas, **(table or {}))
        meter = SpectrogramMeter()
        measure_sound(source, also=meter.add)
        recipe = Recipe(weights="w.safetensors", weights_sha256=SHA, arguments={"seed": 7})
        return write_film_page(
            folder, source, outputs=outputs, recipe=recipe, sound=meter.spectrogram(), notes=notes
        )

    return make


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A headless Chromium; tests that want one are skipped where there is none."""
    spec = spec_from_file_location("avsseg_test_browser", Path(__file__).with_name("browser.py"))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    program = module.find_browser()
    if program is None:
        pytest.skip("there is no Chromium here")
    running = module.Browser(program, tmp_path_factory.mktemp("profile"))
    yield running
    running.close()
