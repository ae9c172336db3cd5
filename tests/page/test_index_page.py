"""The page of a folder run."""

import pytest

from avsseg.errors import MediaError
from avsseg.media.manifest import FileReport
from avsseg.page.index_page import index_page, write_index_page


def report(page, **more):
    return FileReport(source=page.parent, status="done", outputs={"report": page}, **more)


def test_the_index_leads_to_every_page_and_gives_reasons(make_page, tmp_path):
    """Names with markup or odd characters are text, and addresses that work."""
    pages = [
        make_page("a.mp4", areas=[0, 0.2, 0, 0]),
        make_page("b # <b>.mp4", areas=[0, 0, 0, 0], sounds=()),
    ]
    broken = FileReport(
        source=tmp_path / "c<i>.mp4", status="failed", reason=f"{tmp_path / 'c<i>.mp4'}: is <torn>"
    )
    text = write_index_page(tmp_path / "out", [*map(report, pages), broken]).read_text("utf-8")

    assert 'href="a/report.html"' in text
    assert 'href="b%20%23%20%3Cb%3E/report.html"' in text
    assert "b # &lt;b&gt;.<wbr>mp4" in text and "<b>.mp4" not in text
    assert "sounds 25 % of the time" in text and "no sound track" in text
    assert "<td>is &lt;torn&gt;</td>" in text
    assert "2 videos with a page, 1 that failed." in text
    assert text.count("data:image/jpeg") == 2
    assert "http" not in text.replace("http-equiv", "")


def test_a_page_that_is_gone_is_left_out(tmp_path):
    """As is one that somebody replaced with something else."""
    (tmp_path / "x").mkdir()
    (tmp_path / "x/report.html").write_text('<script type="application/json" id="summary">{')
    reports = [report(tmp_path / "gone/report.html"), report(tmp_path / "x/report.html")]

    assert "0 videos with a page." in index_page(tmp_path, reports)


def test_an_index_of_somebody_else_is_kept(tmp_path):
    """An earlier one of ours is replaced, another is not."""
    write_index_page(tmp_path, [])
    write_index_page(tmp_path, [])
    (tmp_path / "index.html").write_text("<h1>my site</h1>")

    with pytest.raises(MediaError, match="no page of avsseg"):
        write_index_page(tmp_path, [])
    assert (tmp_path / "index.html").read_text() == "<h1>my site</h1>"
