"""From a drawing as matplotlib writes it to one that can stand inside of a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from scratchnn.reporting.palette import themed
from scratchnn.reporting.wording import clean

_FONT = re.compile(r"font: ([\d.]+)px [^;]*")
_LONG = re.compile(r"-?\d+\.\d{3,}")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_NUMBERS = ("d", "x", "y", "width", "height", "points", "transform", "x1", "x2", "y1", "y2")


def inline(drawing: bytes, name: str, title: str, description: str) -> str:
    """The drawing as an `<svg role="img">` with its title and description, whose ids all begin with `name`.

    Colours become CSS variables, the font is that of the page, metadata and namespaces go. Equal drawings give equal
    texts.
    """
    root = ElementTree.fromstring(drawing.decode())
    for parent in list(root.iter()):
        for child in list(parent):
            if _local(child.tag) in ("metadata", "style"):
                parent.remove(child)
    used = set(_references(root))
    for element in root.iter():
        _clean(element, name, used)
    for element in root.iter("g"):
        _share_style(element)
    box = root.get("viewBox", "0 0 1 1")
    root.attrib.clear()
    root.attrib |= {
        "viewBox": box,
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
    }
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(tag, {"id": f"{name}-{tag}"})
        element.text = clean(text)
        root.insert(place, element)
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)


def _local(tag: str) -> str:
    """The name without its namespace."""
    return tag.rpartition("}")[2]


def _references(root: ElementTree.Element) -> Iterator[str]:
    """The ids that something refers to."""
    for element in root.iter():
        for key, value in element.attrib.items():
            if _local(key) == "href":
                yield value.removeprefix("#")
            yield from _REFERENCE.findall(value)


def _clean(element: ElementTree.Element, name: str, used: set[str]) -> None:
    element.tag = _local(element.tag)
    element.tail = None
    if element.tag not in ("text", "tspan"):
        element.text = None
    attributes = {}
    for key, value in element.attrib.items():
        key = _local(key)
        if key == "id":
            if value not in used:
                continue
            value = f"{name}-{value}"
        elif key == "href":
            value = f"#{name}-{value.removeprefix('#')}"
        elif key in ("style", "fill", "stroke"):
            value = themed(_FONT.sub(r"font-size: \1px", value)).replace("; ", ";").replace(": ", ":")
        elif key in _NUMBERS:
            value = _LONG.sub(lambda found: f"{float(found[0]):.2f}".rstrip("0").rstrip("."), value)
        attributes[key] = _REFERENCE.sub(rf"url(#{name}-\1)", value)
    element.attrib.clear()
    element.attrib |= {key: " ".join(value.split()) if key == "d" else value for key, value in attributes.items()}


def _share_style(group: ElementTree.Element) -> None:
    """Many equal marks have their style once."""
    styles = {child.get("style") for child in group}
    if len(group) > 1 and len(styles) == 1 and None not in styles and all(child.tag == "use" for child in group):
        group.set("style", str(styles.pop()))
        for child in group:
            del child.attrib["style"]
