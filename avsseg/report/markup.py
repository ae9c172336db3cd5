"""HTML by small functions; all text is escaped, so no name of a file can become markup."""

import html
from collections.abc import Iterable


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Content = str | Iterable["Content"] | None


def element(name: str, /, *content: Content, **attributes: str | int | float) -> Markup:
    """An element; a trailing underscore of an attribute's name is dropped (``class_``)."""
    described = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(str(value), quote=True)}"'
        for key, value in attributes.items()
    )
    if name in _VOID:
        return Markup(f"<{name}{described}>")
    return Markup(f"<{name}{described}>{joined(*content)}</{name}>")


def joined(*content: Content) -> Markup:
    """Contents one after the other; plain text is escaped."""
    parts = []
    for item in content:
        if isinstance(item, Markup):
            parts.append(str(item))
        elif isinstance(item, str):
            parts.append(html.escape(item))
        elif item is not None:
            parts.append(joined(*item))
    return Markup("".join(parts))


def table(
    header: Iterable[Content], rows: Iterable[Iterable[Content]], **attributes: str
) -> Markup:
    """A table whose first column is text and whose others are numbers."""
    head = element("thead", element("tr", [element("th", cell) for cell in header]))
    body = element("tbody", [element("tr", [_cell(cell) for cell in row]) for row in rows])
    return element("div", element("table", head, body, **attributes), class_="scroll")


def section(title: str, *content: Content) -> Markup:
    """A part of the page with its heading; nothing at all without content."""
    inner = joined(*content)
    return element("section", element("h2", title), inner) if inner else Markup("")


def _cell(content: Content) -> Markup:
    return element("td", content)


_VOID = frozenset({"img", "br", "meta"})
