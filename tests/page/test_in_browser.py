"""Pages as people meet them: in a real browser, from the file system."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from avsseg.media.manifest import FileReport
from avsseg.page.index_page import write_index_page

pytestmark = pytest.mark.slow

AREAS = [0, 0, 0.1, 0.3, 0, 0, 0.2, 0] * 2
TABLE = {
    "sounding": [0.0, 0.5, 1.0, 1.0] * 4,
    "disagreement": [0.01 * n for n in range(16)],
    "heard": ["Dog 0.93; Bark 0.60"] * 8 + ["Speech 0.71"] * 8,
}
READY = "document.getElementById('film').readyState >= 2"
TIME = "document.getElementById('film').currentTime"
NOW = "Number(document.getElementById('lanes').getAttribute('aria-valuenow'))"
HEAD = "document.querySelector('.head').getBoundingClientRect().x"
PLOT = "document.querySelector('.plot').getBoundingClientRect()"
STILL = "!document.getElementById('film').seeking"


@pytest.fixture
def film(make_page, browser):
    """The page of a film of four seconds, open."""
    browser.requests.clear()
    browser.complaints.clear()
    page = make_page(areas=AREAS, table=TABLE, seconds=4)
    browser.open(page, ready=READY)
    return page


def at(browser, expected, within=0.12):
    """Film, slider and playhead are all where they should be."""
    browser.wait(f"{STILL} && Math.abs({TIME} - {expected}) < {within}")
    assert browser.ask(NOW) == pytest.approx(expected, abs=within)
    share = browser.ask(f"({HEAD} + 1 - {PLOT}.x) / {PLOT}.width")
    assert share == pytest.approx(browser.ask(NOW) / 4, abs=0.01)


def test_playing_moves_the_playhead(film, browser):
    """The button plays and pauses, and says which it will do."""
    browser.click("#play")
    browser.wait(f"{TIME} > 0.4 && {NOW} > 0.3")

    assert browser.ask("document.getElementById('play').getAttribute('aria-label')") == "Pause"
    browser.click("#play")
    browser.wait("document.getElementById('film').paused")
    at(browser, browser.ask(TIME))
    assert browser.complaints == []


def test_a_click_or_a_drag_on_the_timeline_seeks(film, browser):
    """Wherever it is in the timeline, and the film ends up where the drag does."""
    browser.click(".lane:nth-child(4) .plot", across=0.75)
    at(browser, 3)
    box = browser.ask(f"(r => [r.x, r.y, r.width])({PLOT})")
    browser.mouse("mousePressed", box[0] + 0.1 * box[2], box[1] + 8)
    for share in (0.2, 0.3, 0.45, 0.5):
        browser.mouse("mouseMoved", box[0] + share * box[2], box[1] + 8)
    browser.mouse("mouseReleased", box[0] + 0.5 * box[2], box[1] + 8)

    at(browser, 2)


def test_the_keyboard_does_all_that_the_mouse_does(film, browser):
    """Home, End, arrows, brackets and space; what is reached is told to screen readers."""
    browser.ask("document.getElementById('lanes').focus()")
    browser.press("End")
    at(browser, 4)
    browser.press("Home")
    at(browser, 0)
    browser.press("ArrowRight")
    at(browser, 0.2)
    browser.press("]")
    at(browser, 0.5)
    told = browser.ask("document.getElementById('lanes').getAttribute('aria-valuetext')")
    assert told.startswith("0.5 seconds") and told.endswith("Dog, Bark")
    browser.press(" ")
    browser.wait(f"{TIME} > 0.8")
    browser.press(" ")
    browser.wait("document.getElementById('film').paused")


def test_a_screen_reader_finds_names_and_roles(film, browser):
    """The accessibility tree has the slider, the buttons, the headings and the table."""
    browser.ask("document.getElementById('numbers').open = true")
    browser.wait("document.querySelectorAll('tbody tr').length === 16")
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    found = {
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"]
    }

    assert {("slider", "Position in the video"), ("button", "Play"), ("heading", "Timeline")} <= (
        found
    )
    assert ("columnheader", "Uncertainty") in found
    assert ("button", "0:00.875") in found
    assert not [name for role, name in found if role == "button" and not name]


def test_key_frames_and_rows_lead_to_their_moments(film, browser):
    """Each is a button that moves the film."""
    browser.click(".frames li:nth-child(2) button")
    at(browser, browser.ask("Number(document.querySelectorAll('.frames button')[1].dataset.time)"))
    browser.click("#numbers summary")
    browser.wait("document.querySelectorAll('tbody tr').length === 16")
    browser.click("tbody tr:nth-child(2) button")
    at(browser, 0.375)


def test_an_address_leads_to_a_moment(film, browser):
    """What follows #t= is gone to; anything else there is left alone."""
    browser.ask("location.hash = '#t=2.5'")
    at(browser, 2.5)
    browser.ask("location.hash = '#t=now'")
    at(browser, 2.5)


@pytest.mark.parametrize("width", [1280, 820, 360])
def test_the_page_fits_every_width(film, browser, width):
    """After a change of size the playhead is still at its time and nothing sticks out."""
    browser.click(".plot", across=0.25)
    at(browser, 1)
    browser.resize(width, 800)
    browser.wait(f"innerWidth === {width}")
    browser.wait(f"Math.abs(({HEAD} + 1 - {PLOT}.x) / {PLOT}.width - 0.25) < 0.01")
    browser.wait(
        "[...document.querySelectorAll('canvas')].every(c => c.width === c.parentElement"
        ".clientWidth)"
    )

    assert browser.ask("document.documentElement.scrollWidth") <= width
    browser.resize(1280, 900)


@pytest.mark.parametrize("dark", [False, True])
def test_curves_and_spectrogram_are_drawn_in_both_themes(make_page, browser, dark):
    """The lanes are not blank, and the ground is light or dark as the user wants it."""
    browser.open(make_page(areas=AREAS, table=TABLE, seconds=4), dark=dark, ready=READY)
    with Image.open(BytesIO(browser.picture(whole=False))) as shot:
        corner = np.asarray(shot.convert("L"))[:8, :8].mean()
    inked = browser.ask(
        "[...document.querySelectorAll('canvas')].map(c => new Set(c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data).size)"
    )

    assert (corner < 60) if dark else (corner > 200)
    assert len(inked) == 6 and min(inked) > 3


def test_a_film_without_sound_is_shown_as_such(make_page, browser):
    """There is a line instead of curves; playing and seeking work as ever."""
    browser.complaints.clear()
    browser.open(make_page(areas=AREAS, seconds=4, sounds=()), ready=READY)
    browser.click(".plot", across=0.5)
    at(browser, 2)

    assert "no sound track" in browser.ask("document.querySelector('.plot.none').textContent")
    assert browser.ask("document.getElementById('mute').disabled") is True
    assert browser.complaints == []


def test_a_film_that_cannot_be_played_leaves_the_timeline(make_page, browser):
    """The page says what to do, and the playhead still follows the mouse."""
    page = make_page(areas=AREAS, seconds=4)
    (page.parent / "overlay.mp4").unlink()
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("data:video/mp4;base64,", "data:video/mp4;base64,AAAA"))
    browser.open(page, ready="!document.getElementById('trouble').hidden")
    browser.click(".plot", across=0.5)

    assert browser.ask(NOW) == pytest.approx(2, abs=0.05)
    assert browser.ask("document.getElementById('play').disabled") is True


def test_a_page_that_travels_alone_still_plays(make_page, browser, tmp_path):
    """A small film is in the page, so that it can be sent by mail."""
    page = make_page(areas=AREAS, seconds=4)
    alone = tmp_path / "alone" / "sent.html"
    alone.parent.mkdir()
    page.rename(alone)
    browser.open(alone, ready=READY)
    browser.click(".plot", across=0.5)

    at(browser, 2)


def test_an_evil_name_is_only_text(make_page, browser):
    """No script of a file name runs, and nothing asks for anything outside."""
    browser.requests.clear()
    browser.complaints.clear()
    evil = "<img src=x onerror=document.title='owned'><script>document.title='owned'.mp4"
    browser.open(make_page(evil, areas=AREAS, seconds=4), ready=READY)

    assert browser.ask("document.title").startswith("<img src=x")
    assert browser.ask("document.querySelector('h1').textContent") == evil
    assert browser.complaints == []
    assert {url.split(":")[0] for url in browser.requests} <= {"file", "data", "about"}


def test_the_index_can_be_searched_and_sorted(make_page, browser, tmp_path):
    """What does not match goes, and the order follows the choice."""
    browser.complaints.clear()
    pages = [
        make_page("quiet.mp4", areas=[0] * 4),
        make_page("barks.mp4", areas=[0.2] * 4, table={"heard": ["Dog 0.9"] * 4}),
    ]
    reports = [FileReport(source=p, status="done", outputs={"report": p}) for p in pages]
    browser.open(write_index_page(tmp_path / "out", reports))
    names = "[...document.querySelectorAll('.films li:not([hidden]) b')].map(b => b.textContent)"

    assert browser.ask(names) == ["quiet.mp4", "barks.mp4"]
    browser.ask("(o => { o.value = 'marked'; o.dispatchEvent(new Event('change')); })(order)")
    assert browser.ask(names) == ["barks.mp4", "quiet.mp4"]
    browser.click("#find")
    for letter in "dog":
        browser.press(letter)
    browser.wait(f"{names}.length === 1")
    browser.click(".films a")
    browser.wait("document.title.startsWith('barks.mp4')")
    assert browser.complaints == []
