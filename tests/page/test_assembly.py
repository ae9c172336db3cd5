"""Pages hold everything they need, and nothing that is put into them can act."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsseg.page.assembly import breakable, document, embed_json, escape, fill, read_data

EVIL = '</script><script>alert(1)</script><img src=x onerror="alert(2)">&amp;\'"<!--'


class Tags(HTMLParser):
    """The names of all tags, and the text of scripts and styles."""

    def __init__(self, page):
        super().__init__()
        self.names, self.texts = [], {"script": [], "style": []}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self._open = tag if dict(attrs).get("type") is None else None

    def handle_data(self, data):
        if self.lasttag in self.texts and self._open == self.lasttag and data.strip():
            self.texts[self.lasttag].append(data)


@given(st.text())
def test_a_name_that_may_break_is_still_the_name(name):
    """Places to break are all that is added to its escaped form."""
    assert breakable(name).replace("<wbr>", "") == escape(name)


@given(st.text() | st.dictionaries(st.text(), st.text(), max_size=3))
def test_data_comes_back_as_it_was_and_holds_no_markup(value):
    """JSON in a page is the same value to a parser and plain text to the browser."""
    text = embed_json(value)

    assert not set(text) & set("<>&")
    assert json.loads(text) == value


def test_names_that_no_encoding_knows_do_not_break_a_page():
    """Undecodable bytes of a file name come as half characters; they become question marks."""
    assert escape("a\udcffb") == "a?b"
    assert json.loads(embed_json("a\udcffb")) == "a?b"


def test_evil_text_stays_text_wherever_it_is_put():
    """Title, body and data cannot bring in a tag."""
    page = document(title=EVIL, body=f"<p>{escape(EVIL)}</p>", styles=[], data={"x": EVIL})

    assert Tags(page).names.count("script") == 2  # the data and the page's own
    assert "img" not in Tags(page).names
    assert read_data(page, "x") == EVIL


def test_the_policy_lets_only_the_pages_own_style_and_script_run():
    """The hashes in the policy are those of what the parser sees; all else is forbidden."""
    page = document(title="t", body="", styles=["look.css"], scripts=["index.js"])
    tags = Tags(page)

    for kind in ("script", "style"):
        digest = b64encode(sha256("".join(tags.texts[kind]).encode()).digest()).decode()
        assert f"{kind}-src &#x27;sha256-{digest}&#x27;" in page
    assert "default-src &#x27;none&#x27;" in page
    assert "unsafe" not in page


@pytest.mark.parametrize("scripts", [["film.js"], ["index.js"]])
def test_nothing_is_fetched_from_anywhere(scripts):
    """There is no address in template, style or script."""
    page = document(
        title="t", body="", styles=["look.css", "film.css", "index.css"], scripts=scripts
    )

    assert not re.findall(r"https?:|//[a-z]|url\(|@import", page)


def test_a_template_with_a_part_missing_is_no_page():
    """A name that is not given is an error, not an empty place."""
    with pytest.raises(KeyError):
        fill("shell.html", title="t")


def test_data_that_is_not_there_is_none():
    """Other pages hold no data under that name."""
    assert read_data("<html></html>", "summary") is None
