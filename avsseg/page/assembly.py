"""Puts pages together: text is escaped, style, script and data lie in the page itself."""

import html
import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from string import Template
from typing import Any

_JSON_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
_DATA_BLOCK = '<script type="application/json" id="{}">{}</script>'


def escape(value: object) -> str:
    """A value as text in a page or in a quoted attribute, whatever is in it."""
    return html.escape(printable(str(value)))


def breakable(name: str) -> str:
    """A file's name as text that may go on in a new line where a person would let it."""
    return re.sub(r"[_.-]+", r"\g<0><wbr>", escape(name))


def printable(text: str) -> str:
    """Text without the halves of characters that undecodable file names hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def embed_json(value: Any) -> str:
    """JSON that no HTML parser takes for markup."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return re.sub("[<>&]", lambda found: _JSON_ESCAPES[found[0]], printable(text))


def data_uri(content: bytes, media_type: str) -> str:
    """Content as an address that holds it."""
    return f"data:{media_type};base64,{b64encode(content).decode('ascii')}"


def resource(name: str) -> str:
    """A file that lies beside this module: a template, a style sheet or a script."""
    return (files("avsseg.page") / name).read_text(encoding="utf-8")


def fill(template: str, /, **parts: str) -> str:
    """A template with its parts, which must be escaped already, put in.

    Raises:
        KeyError: the template has a part that is not given.
    """
    return Template(resource(template)).substitute(parts)


def document(
    *,
    title: str,
    body: str,
    styles: Sequence[str],
    scripts: Sequence[str] = (),
    data: Mapping[str, Any] | None = None,
) -> str:
    """A whole page; its content security policy lets nothing but its own parts run.

    Args:
        title: plain text.
        body: HTML.
        styles: names of style sheets beside this module.
        scripts: names of scripts, likewise; they run in this order when the page is there.
        data: values by the ``id`` under which scripts and programs find them.
    """
    style = "".join(map(resource, styles))
    script = "".join(map(resource, scripts))
    blocks = (_DATA_BLOCK.format(name, embed_json(value)) for name, value in (data or {}).items())
    return fill(
        "shell.html",
        policy=escape(_policy(style, script)),
        title=escape(title),
        style=style,
        script=script,
        data="\n".join(blocks),
        body=body,
    )


def read_data(page: str, name: str) -> Any:
    """The value that ``document`` embedded under a name; None if it is not there.

    Args:
        page: the page, or as much of its beginning as holds the value.
        name: its ``id``.

    Raises:
        ValueError: what is there is no JSON.
    """
    before, after = _DATA_BLOCK.format(name, "|").split("|")
    found = re.search(f"{re.escape(before)}(.*?){re.escape(after)}", page, re.S)
    return None if found is None else json.loads(found[1])


def _policy(style: str, script: str) -> str:
    rules = {
        "default-src": "'none'",
        "style-src": _hash_of(style),
        "script-src": _hash_of(script),
        "img-src": "data:",
        "media-src": "'self' file: data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _hash_of(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode('ascii')}'"
