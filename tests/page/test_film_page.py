"""The page of one film: what it says, and that it needs nothing but itself."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from avsseg.media.probe import probe
from avsseg.media.spectrogram import Spectrogram
from avsseg.page.assembly import read_data
from avsseg.page.film_page import film_data
from avsseg.page.film_parts import notice
from avsseg.page.moments import Moment
from avsseg.page.story import FilmStory
from avsseg.run_record import Recipe

AREAS = [0, 0, 0.1, 0.3, 0, 0, 0.2, 0]
EVIL = "<img src=x onerror=alert(1)>&amp; 'q' {$data} ☃.mp4"


class Elements(HTMLParser):
    """All elements with their attributes, and the visible text."""

    def __init__(self, page):
        super().__init__()
        self.elements, self.text, self._within = [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._within = tag

    def handle_data(self, data):
        if self._within not in {"script", "style"}:
            self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]


def parsed(path):
    text = path.read_text(encoding="utf-8")
    return text, Elements(text)


def test_a_page_tells_what_its_table_and_recipe_say(make_page):
    """Figures, key frames, weights with their hash, settings and files are in it."""
    text, page = parsed(make_page(areas=AREAS, notes=("the sound was encoded anew",)))
    words = " ".join(page.text)

    assert "sounds 38 % of the time, in 2 stretches" in words
    assert "ab" * 32 in words and "w.safetensors" in words
    assert "Seed" in words and "128 x 96" in words and "The sound was encoded anew." in words
    assert {"overlay.mp4", "frames.csv"} <= {a["href"] for a in page.all("a")}
    assert {"0.8750", "1.6250"} <= {b.get("data-time") for b in page.all("button")}
    data = read_data(text, "film-data")
    assert data["area"] == AREAS
    assert data["times"] == [0.125 + n / 4 for n in range(8)]
    assert data["stretches"] == [[0.5, 1.0], [1.5, 1.75]]
    assert data["length"] == pytest.approx(2, abs=0.1)
    assert len(data["sound"]["loudness"]) == pytest.approx(80, abs=6)


def test_further_columns_become_lanes(make_page):
    """Gate, disagreement and names of sounds are there when the table has them."""
    table = {
        "sounding": [0.5] * 8,
        "disagreement": [0.01 * n for n in range(8)],
        "heard": ["Dog 0.93; Bark 0.60"] * 4 + [None] * 4,
    }
    text, page = parsed(make_page(areas=AREAS, table=table))
    data = read_data(text, "film-data")

    assert data["sounding"] == [0.5] * 8
    assert data["doubt_top"] == pytest.approx(0.07)
    assert data["heard"][0] == [["Dog", 0.93], ["Bark", 0.6]]
    assert "Mostly heard: Dog, Bark." in " ".join(page.text)
    assert read_data(text, "summary")["heard"] == ["Dog", "Bark"]


def test_a_plain_table_has_no_such_lanes(make_page):
    """What was not measured is not shown as zero."""
    data = read_data(make_page(areas=AREAS).read_text(encoding="utf-8"), "film-data")

    assert data["sounding"] is data["doubt"] is data["heard"] is None


def test_a_film_without_sound_says_so(make_page):
    """There is no loudness, and the button that mutes is off."""
    text, page = parsed(make_page(areas=[0] * 8, sounds=(), table={"sounding": [1.0] * 8}))
    data = read_data(text, "film-data")

    assert data["sound"] is data["sounding"] is None
    assert "no sound track" in " ".join(page.text)
    assert "disabled" in next(b for b in page.all("button") if b.get("id") == "mute")


def test_a_name_with_markup_in_it_is_text(make_page):
    """It shows as it is and brings in no element, in the head as little as in the body."""
    _, plain = parsed(make_page("plain.mp4", areas=AREAS))
    _, evil = parsed(make_page(EVIL.replace("/", "_"), areas=AREAS))

    names, others = ([n for n, _ in page.elements if n != "wbr"] for page in (evil, plain))
    assert names == others
    assert EVIL in "".join(evil.text)
    assert not any(key.startswith("on") for _, attrs in evil.elements for key in attrs)


def test_everything_is_in_the_page_but_the_film_beside_it(make_page):
    """No address leads elsewhere; a small film is in the page as well."""
    text, page = parsed(make_page(areas=AREAS))
    addresses = [
        value
        for _, attrs in page.elements
        for name, value in attrs.items()
        if name in {"src", "href", "poster", "srcset", "data"}
    ]

    assert not re.findall(r"https?://", text)
    assert {a for a in addresses if not a.startswith(("data:", "#"))} == {
        "overlay.mp4",
        "frames.csv",
    }
    assert [s["src"][:15] for s in page.all("source")] == ["overlay.mp4", "data:video/mp4;"]


def test_ids_are_unique_and_what_refers_to_them_finds_them(make_page):
    """Labels and descriptions for screen readers lead somewhere; every control has a name."""
    _, page = parsed(make_page(areas=AREAS))
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]

    assert len(ids) == len(set(ids))
    for _, attrs in page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert attrs.get(name, ids[0]) in ids
    controls = [b for b in page.all("button") if "data-time" not in b]
    assert all(b.get("aria-label") for b in controls)
    slider = next(a for _, a in page.elements if a.get("role") == "slider")
    assert slider["tabindex"] == "0" and slider["aria-label"]


def test_a_stretch_of_a_film_begins_at_zero(make_film):
    """With a start the table's clock is the source's, the page's that of the film beside it."""
    info = probe(make_film("film.mp4"))
    sound = Spectrogram(
        levels=np.zeros((4, 64), np.uint8), loudness=np.zeros(4, np.float32), start=0, step=1
    )
    story = FilmStory(
        name="film.mp4",
        source=info,
        overlay=info,
        outputs={},
        moments=[Moment(time=0.5, score=0, area=0)],
        sound=sound,
        shift=3,
        recipe=Recipe(weights="w", weights_sha256="", arguments={}),
        notes=(),
    )

    assert film_data(story)["sound"]["start"] == -3


def test_remarks_are_sentences():
    """A note on the command line begins with the film's name; on its page it stands alone."""
    assert notice("is damaged; a <part> was kept") == (
        '<p class="notice">It is damaged; a &lt;part&gt; was kept.</p>'
    )
    assert notice("there is nothing to hear") == '<p class="notice">There is nothing to hear.</p>'
