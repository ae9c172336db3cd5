"""`avsseg predict --report`: pages beside the outputs, and one for a folder."""

import json

from typer.testing import CliRunner

from avsseg.cli.app import app
from avsseg.page.assembly import read_data

AAC = ({"codec": "aac"},)


def predict(checkpoint, *arguments, code=0):
    result = CliRunner().invoke(
        app, ["predict", "-w", str(checkpoint), "--report", *map(str, arguments)]
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.stderr
    return result


def test_a_report_comes_with_what_it_is_made_from(make_film, tiny_checkpoint, tmp_path):
    """The video and the table are written whatever was asked for; the page is in the manifest."""
    source, out = make_film("film.mp4", sounds=AAC), tmp_path / "out"
    options = ("-o", out, "--output", "masks", "--fps", "2", "--start", "1", "--gate", "off")
    predict(tiny_checkpoint, source, *options)
    manifest = json.loads((out / "film/manifest.json").read_text())
    data = read_data((out / "film/report.html").read_text("utf-8"), "film-data")

    assert list(manifest["files"][0]["outputs"]) == ["masks", "overlay", "csv", "report"]
    assert manifest["weights_sha256"] in (out / "film/report.html").read_text("utf-8")
    assert len(data["times"]) == 2
    assert 0 < data["times"][0] < 0.5
    assert data["sound"]["start"] == -1
    assert not (out / "index.html").exists()


def test_a_folder_gets_an_index_also_of_what_was_done_before(make_film, tiny_checkpoint, tmp_path):
    """The second run does nothing but the index, and a broken file is in it with its reason."""
    make_film("in/one.mp4", sounds=AAC)
    make_film("in/deep/mute.mp4", sounds=())
    (tmp_path / "in/text.mp4").write_text("this is no film")
    options = (tmp_path / "in", "-o", tmp_path / "out", "--silent-ok", "--fps", "1")
    first = predict(tiny_checkpoint, *options, code=3)
    index = tmp_path / "out/index.html"
    text = index.read_text("utf-8")
    index.unlink()
    predict(tiny_checkpoint, *options, code=3)

    assert str(index) in first.stdout.replace("\n", "")
    assert 'href="one/report.html"' in text and 'href="deep/mute/report.html"' in text
    assert "no sound track" in text and "text.mp4" in text
    assert index.read_text("utf-8") == text
