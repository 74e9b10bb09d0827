"""HTML and SVG, put together so that no text is ever taken for markup."""

from html import escape


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def tag(name: str, /, *content: str | Markup, **attributes: object) -> Markup:
    """An element; plain text in it is escaped, its attributes always are.

    In the names of attributes `_` stands for `-`, one at the end for nothing.

    Examples
    --------
    >>> tag("p", "a < b", tag("br"), class_="note")
    '<p class="note">a &lt; b<br></p>'
    >>> tag("rect", x=1.25, stroke_width=2)
    '<rect x="1.25" stroke-width="2"/>'
    """
    named = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    given = "".join(f' {key}="{escape(_text(value))}"' for key, value in named.items())
    if not content and name in VOID:
        return Markup(f"<{name}{given}>")
    if not content and name in SHAPES:
        return Markup(f"<{name}{given}/>")
    return Markup(f"<{name}{given}>{joined(*content)}</{name}>")


def joined(*content: str | Markup) -> Markup:
    """Pieces one after another; plain text is escaped."""
    return Markup("".join(part if isinstance(part, Markup) else escape(part) for part in content))


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


VOID = frozenset({"br", "img", "input", "link", "meta"})
SHAPES = frozenset({"circle", "image", "line", "path", "polygon", "polyline", "rect"})
