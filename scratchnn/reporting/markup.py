"""HTML from values. Every text is escaped here, and nowhere else is a text put between tags."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import NewType

from scratchnn.reporting.wording import clean

Html = NewType("Html", str)
"""A text that is HTML already."""

_EMPTY = ("img", "meta", "link")  # elements without an end tag


def text(value: object) -> Html:
    """A value as text. Control characters and broken ones, which HTML does not have, are replaced.

    >>> text('<b>&"')
    '&lt;b&gt;&amp;&quot;'
    """
    return Html(escape(clean(str(value))))


def tag(name: str, /, *children: Html, **attributes: str | None) -> Html:
    """An element. `class_` stands for class, other underscores for hyphens; an attribute that is None is left out.

    >>> tag("p", text("1 < 2"), class_="lead", title=None)
    '<p class="lead">1 &lt; 2</p>'
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{said}>" if name in _EMPTY else f"<{name}{said}>{join(children)}</{name}>")


def join(parts: Iterable[Html]) -> Html:
    """Some HTML after the other."""
    return Html("".join(parts))
