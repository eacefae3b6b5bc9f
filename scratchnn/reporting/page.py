"""The page: what it is made of, and how that becomes HTML."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from scratchnn.reporting.drawing import Chart
from scratchnn.reporting.markup import Html, join, tag, text
from scratchnn.reporting.palette import variables

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What a browser may load for the page: nothing but what it holds itself, and no script at all."""
WIDE = 6  # columns from which a table has a line of its own
LONG = 34  # letters from which a cell may be broken into lines


@dataclass(frozen=True)
class Picture:
    """A small PNG picture in a cell, with what it shows."""

    png: bytes
    shows: str

    def html(self) -> Html:
        """The image, with its bytes inside."""
        return tag("img", src=f"data:image/png;base64,{base64.b64encode(self.png).decode()}", alt=self.shows)


Cell = str | Picture


@dataclass(frozen=True)
class Table:
    """Rows of cells under a header, or pairs without one; the first `left` columns hold text, the others numbers.

    `folded` hides it until a reader opens it. `note` stands below.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    left: int = 1
    folded: bool = False
    note: str = ""

    def html(self) -> Html:
        """A table that scrolls by itself where it is wider than the screen."""
        names = [self._head(place, name) for place, name in enumerate(self.header)]
        head = tag("thead", tag("tr", *names)) if names else Html("")
        body = tag("tbody", *(tag("tr", *self._row(row)) for row in self.rows))
        table = tag("table", head, body, aria_label=self.caption, class_=None if names else "pairs")
        scroll = tag("div", table, class_="scroll", tabindex="0", role="region", aria_label=self.caption)
        note = tag("p", text(self.note), class_="says") if self.note else Html("")
        if self.folded:
            return tag("details", tag("summary", text(self.caption)), scroll, note, class_="wide")
        wide = "wide" if len(self.header) > WIDE else None
        return tag("div", tag("p", text(self.caption), class_="caption"), scroll, note, class_=wide)

    def _head(self, place: int, name: str) -> Html:
        return tag("th", text(name), scope="col", class_="left" if place < self.left else None)

    def _row(self, row: Sequence[Cell]) -> Iterator[Html]:
        for place, cell in enumerate(row):
            inner = cell.html() if isinstance(cell, Picture) else text(cell)
            long = isinstance(cell, str) and len(cell) > LONG
            classes = " ".join(["left"] * (place < self.left) + ["long"] * long) or None
            if place == 0 and self.left and not long:
                yield tag("th", inner, scope="row", class_=classes)
            else:
                yield tag("td", inner, class_=classes)


@dataclass(frozen=True)
class Listing:
    """A text as it is, such as a config, hidden until a reader opens it."""

    caption: str
    content: str

    def html(self) -> Html:
        """The text in letters of one width."""
        listing = tag("pre", text(self.content), tabindex="0", role="region", aria_label=self.caption)
        return tag("details", tag("summary", text(self.caption)), listing, class_="wide")


@dataclass
class Section:
    """A part of the page; empty ones are left out. `says` are sentences above the charts and tables."""

    name: str
    title: str
    says: list[str] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    tables: list[Table | Listing] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether there is nothing in it."""
        return not (self.says or self.charts or self.tables)

    def html(self) -> Html:
        """A heading, the sentences, the charts side by side where there is room, the tables below."""
        parts = [tag("h2", text(self.title), id=f"{self.name}-heading")]
        parts += [tag("p", text(sentence), class_="lead") for sentence in self.says]
        if self.charts:
            parts.append(tag("div", *map(_figure, self.charts), class_="charts"))
        if self.tables:
            parts.append(tag("div", *(table.html() for table in self.tables), class_="tables"))
        return tag("section", *parts, id=self.name, aria_labelledby=f"{self.name}-heading")


@dataclass(frozen=True)
class Headline:
    """A figure that comes first."""

    label: str
    value: str
    note: str = ""
    bad: bool = False

    def html(self) -> Html:
        """A card."""
        note = (tag("dd", text(self.note), class_="small"),) if self.note else ()
        card = (tag("dt", text(self.label)), tag("dd", text(self.value)), *note)
        return tag("div", *card, class_="card bad" if self.bad else "card")


@dataclass(frozen=True)
class Page:
    """The whole report. `notes` are what to know of it: what is left out, and why."""

    title: str
    lead: str
    headlines: Sequence[Headline]
    sections: Sequence[Section]
    notes: Sequence[str] = ()
    foot: str = ""

    @property
    def charts(self) -> list[Chart]:
        """Every chart, in the order of the page."""
        return [chart for section in self.sections for chart in section.charts]

    def html(self) -> str:
        """A document of its own that needs no other file. Equal pages give equal texts."""
        sections = [section for section in self.sections if not section.empty]
        style = variables() + files("scratchnn.reporting").joinpath("style.css").read_text(encoding="utf-8")
        head = tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
            tag("meta", name="color-scheme", content="light dark"),
            tag("link", rel="icon", href="data:,"),
            tag("title", text(self.title)),
            tag("style", Html(style)),
        )
        links = [tag("a", text(section.title), href=f"#{section.name}") for section in sections]
        notes = [tag("li", text(note)) for note in self.notes]
        main = tag(
            "main",
            tag("h1", text(self.title)),
            tag("p", text(self.lead), class_="lead"),
            tag("dl", *(one.html() for one in self.headlines), class_="cards") if self.headlines else Html(""),
            tag("ul", *notes, class_="notes", aria_label="What to know of this report") if notes else Html(""),
            tag("nav", *links, aria_label="Sections"),
            join(section.html() for section in sections),
            tag("footer", text(self.foot)) if self.foot else Html(""),
        )
        return f"<!DOCTYPE html>\n{tag('html', head, tag('body', main), lang='en')}\n"


def _figure(chart: Chart) -> Html:
    """A chart under its title; what it says in words is below for all, and in the drawing for screen readers."""
    says = tag("p", text(chart.description), class_="says", aria_hidden="true")
    return tag("figure", tag("figcaption", text(chart.title)), Html(chart.svg()), says, id=f"figure-{chart.name}")
