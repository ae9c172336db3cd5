"""The page: matched by config, complete in itself, honest about what was not measured."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from avsseg.errors import DataError
from avsseg.evaluation.gallery import Panel, draw_sheet
from avsseg.report.comparison import NOT_MEASURED
from avsseg.report.page import build_page
from avsseg.report.paper import configs
from avsseg.report.recipe import paper_config, paper_values
from avsseg.report.runs import read_runs

CONFIGS = configs()


class Text(HTMLParser):
    """Cells of every table row, and whatever could load something."""

    def __init__(self):
        super().__init__()
        self.rows, self.sources, self.tags = [], [], []
        self._cell = None

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = ""
        self.sources += [value for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.rows[-1].append(self._cell)
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None:
            self._cell += data


def parse(page):
    parser = Text()
    parser.feed(page)
    return parser


def write_run(folder, name, *, miou=0.5, f=0.6, published=True, **changes):
    """A ``metrics.json`` as a run of a paper config would leave it."""
    recipe, subset, _ = CONFIGS[name]
    training = paper_values(recipe, subset) | {"init_from": "s4" if recipe.pretrained else ""}
    training["optimisation"] = training["optimisation"] | changes.pop("optimisation", {})
    document = {
        "means": {"miou": miou, "f": f, "f_global": f},
        "spread": {"miou": 0.01},
        "context": {
            "data": {
                "kind": "dataset",
                "subset": subset,
                "split": "test",
                "clips": {"s4": 740, "ms3": 64}[subset] if published else 100,
                "synthetic": not published,
                "published": published,
            },
            "model": paper_config(recipe, subset).model.to_dict() | changes.pop("model", {}),
            "training": training,
            "metric_batch": 1,
            "command": "avsseg eval <&> --subset ms3",
            "checkpoint": {"path": "best.safetensors", "sha256": "ab" * 32, "summary": {}},
        },
        "videos": [],
        **changes,
    }
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps(document))
    return folder


def page_of(*folders):
    return build_page(*read_runs(folders))


def row_of(parser, label, number=0):
    return [row for row in parser.rows if row and row[0] == label][number]


def test_a_measured_row_stands_beside_the_printed_one(tmp_path):
    """Score in percent with its spread over seeds, and the gap to the paper."""
    run = write_run(tmp_path / "a", "ours_pvt_ms3", miou=0.6, f=0.7)

    row = row_of(parse(page_of(run)), "Ours (PVT)")

    assert row[1:4] == ["81.38 / 0.902", NOT_MEASURED, ""]
    assert row[4:] == ["58.18 / 0.709", "60.00 ± 1.00 / 0.700", "+1.82"]


def test_nothing_that_was_not_measured_is_shown(tmp_path):
    """With one run on MS3, every other cell says so, and S4's lack of data is stated."""
    page = page_of(write_run(tmp_path / "a", "ldm_pvt_ms3"))
    parser = parse(page)

    measured = [r for r in parser.rows if any("50.00" in cell for cell in r)]
    assert [r[0] for r in measured] == ["LDM (Ours)", "Audio-visual (Ours)", "without"]
    assert "published S4 test split (740 clips)" in page
    assert "published MS3 test split" not in page
    assert row_of(parser, "3DC (VOS), cited")[2] == "cited"


def test_synthetic_data_never_stands_beside_the_paper(tmp_path):
    """The same network on a composed set goes into a table of its own."""
    run = write_run(tmp_path / "a", "ours_pvt_ms3", published=False)
    page = page_of(run)
    parser = parse(page)

    assert row_of(parser, "Ours (PVT)")[5] == NOT_MEASURED
    assert "pvt_v2_b5 on a synthetic MS3 test split, 100 clips" in page
    row = row_of(parser, "LDM, condition av + contrastive, D = 24")
    assert row[1] == "50.00"
    assert row[5] == "I, IV, V, VI"


def test_other_networks_are_grouped_by_what_the_paper_varies(tmp_path):
    """Two training runs of one recipe on another backbone are averaged, with their spread."""
    net = {"backbone": "compact_net", "channels": 96}
    for name, miou in (("a", 0.4), ("b", 0.6)):
        write_run(tmp_path / name, "ed_pvt_ms3", miou=miou, published=False, model=net)

    rows = parse(page_of(tmp_path)).rows

    (row,) = [row for row in rows if row[:2] == ["E-D", "50.00"]]
    assert row[2:6] == ["14.14", "0.600", "2", "II"]


def test_departures_from_the_row_s_config_are_named(tmp_path):
    """A run with one epoch is shown as measured, and the page says that it had one."""
    run = write_run(tmp_path / "a", "ours_r50_s4", optimisation={"epochs": 1})
    faithful = write_run(tmp_path / "b", "ours_pvt_s4")
    page = page_of(run, faithful)

    assert "differs from the row&#x27;s config in optimisation.epochs = 1" in page
    assert "trained by the row&#x27;s config" in page


def test_s4_pretraining_tells_table_v_apart(tmp_path):
    """A run that started from other weights is the row 'from S4' and not 'from scratch'."""
    parser = parse(page_of(write_run(tmp_path / "a", "ours_pvt_ms3_from_s4")))

    assert row_of(parser, "Ours (PVT), from S4")[2].startswith("50.00")
    assert row_of(parser, "Ours (PVT), from scratch")[2] == NOT_MEASURED
    assert row_of(parser, "Ours (PVT)")[5] == NOT_MEASURED


def test_the_page_needs_no_other_file(tmp_path):
    """No script, no link, and pictures are inside; names are escaped."""
    run = write_run(tmp_path / "a <b>", "ours_pvt_ms3")
    soft = np.random.default_rng(0).random((2, 3, 32, 32)).astype(np.float32)
    truth = np.zeros((3, 32, 32), bool)
    truth[:2, :9] = True
    sheet = draw_sheet(np.zeros((3, 32, 32, 3), np.uint8), truth, soft)
    (run / "panels").mkdir()
    for kind in ("fixed", "worst", "interrupted"):
        panel = Panel(kind=kind, name="some/clip", score=0.25, picture=sheet)
        Image.fromarray(sheet).save(run / "panels" / panel.file_name)
    page = page_of(run)
    parser = parse(page)

    assert parser.sources
    assert all(source.startswith("data:image/jpeg;base64,") for source in parser.sources)
    assert not {"script", "link", "iframe"} & set(parser.tags)
    assert not re.search(r"https?://", page)
    assert "<b>)" not in page
    assert "a &lt;b&gt;" in page
    assert "avsseg eval &lt;&amp;&gt; --subset ms3" in page
    assert "Fig. 4" in page


def test_courses_of_training_runs_become_charts(tmp_path):
    """metrics.csv of a run gives one line for each loss and score."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.csv").write_text(
        "step,seg,val_miou,lr\n10,0.5,,1e-4\n20,0.4,0.3,1e-4\n30,0.3,0.4,1e-4\n"
    )
    page = page_of(tmp_path / "run")

    assert page.count("<polyline") == 2
    assert "val_miou" in page
    assert "Made by avsseg" in page


@pytest.mark.parametrize("content", ["", "[]", '{"means": 3}', "{"])
def test_a_file_that_is_none_of_ours_is_named(tmp_path, content):
    """One line says which file is no metrics.json."""
    (tmp_path / "metrics.json").write_text(content)

    with pytest.raises(DataError, match=r"metrics\.json: is no metrics\.json of avsseg"):
        read_runs([tmp_path])


def test_a_folder_without_results_says_how_to_make_them(tmp_path):
    """The error names the command."""
    with pytest.raises(DataError, match="avsseg eval"):
        read_runs([tmp_path])
