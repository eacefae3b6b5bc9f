from __future__ import annotations

import pytest

from scratchnn.reporting.drawing import Chart, axes_of
from scratchnn.reporting.markup import tag, text
from scratchnn.reporting.page import Headline, Listing, Page, Picture, Section, Table
from scratchnn.reporting.palette import INK
from scratchnn.reporting.wording import short

HOSTILE = "<script>alert(1)</script>\"'&\x00\x1b]]>--><img src=x onerror=alert(1)>$\\frac{1}{2}$"


def chart(name="loss", text="Falls from 2 to 1."):
    def draw(figure):
        axes = axes_of(figure, short(text, 200), short(text))
        axes.plot([1, 2, 3], [2, 1.5, 1], label=short(text), color=INK)
        figure.legend()

    return Chart(name, text, text, draw)


def page(text="plain"):
    tables = [
        Table(text, [text, text], [[text, text]], note=text),
        Table(text, [], [[text, text]], left=2, folded=True),
        Table(text, ["a"], [[Picture(b"png", text)]]),
        Listing(text, text),
    ]
    section = Section("one", text, [text], [chart("a", text), chart("b", text)], tables)
    return Page(text, text, [Headline(text, text, text, bad=True)], [section, Section("none", "Empty")], [text], text)


def test_it_is_whole_and_needs_nothing_else(read):
    reader = read(page().html())
    assert (reader.elements["svg"], reader.elements["figure"], reader.elements["h1"]) == (2, 2, 1)
    assert ("meta", "name", "viewport") in reader.attributes
    assert "Empty" not in reader.text


def test_hostile_texts_stay_texts(read):
    reader = read(page(HOSTILE).html())
    assert reader.elements["img"] == 1  # the picture's own
    assert "onerror" not in {name for _, name, _ in reader.attributes}
    shown = HOSTILE.replace("\x00", "\ufffd").replace("\x1b", "\ufffd")
    assert reader.text.count(shown) >= 10
    assert ("img", "alt", shown) in reader.attributes


def test_equal_pages_are_equal_texts():
    assert page().html() == page().html()


def test_a_drawing_says_in_words_what_it_shows(read):
    svg = chart(text="Falls & rises").svg()
    reader = read(svg)
    assert ("svg", "role", "img") in reader.attributes
    assert ("svg", "aria-labelledby", "chart-loss-title chart-loss-desc") in reader.attributes
    assert svg.startswith('<svg viewBox="0 0 345.6 223.2"')
    assert '<desc id="chart-loss-desc">Falls &amp; rises</desc>' in svg
    assert "<metadata" not in svg
    assert "<style" not in svg


def test_the_colours_of_a_drawing_follow_the_scheme():
    svg = chart().svg()
    assert "#1c2430" not in svg
    assert "var(--ink)" in svg
    html = page().html()
    for name in ("ink", "surface", "series-0"):
        assert html.count(f"--{name}:#") == 2  # light and dark


def test_a_colour_that_is_not_in_the_palette_is_a_fault():
    def draw(figure):
        axes_of(figure, "x", "y").plot([1, 2], color="#123456")

    with pytest.raises(KeyError):
        Chart("odd", "", "", draw).svg()


def test_a_png_is_one_and_repeats():
    made = chart().png()
    assert made.startswith(b"\x89PNG")
    assert made == chart().png()


def test_drawing_leaves_the_settings_of_matplotlib_alone():
    import matplotlib

    before = dict(matplotlib.rcParams)
    chart().svg()
    assert dict(matplotlib.rcParams) == before


def test_a_users_settings_do_not_matter():
    import matplotlib

    expected = chart().svg()
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "pink", "svg.fonttype": "path"}):
        assert chart().svg() == expected


def test_tags():
    assert tag("p", text("a"), class_="x", title=None, aria_label="b") == '<p class="x" aria-label="b">a</p>'
    assert tag("img", src="data:,") == '<img src="data:,">'
