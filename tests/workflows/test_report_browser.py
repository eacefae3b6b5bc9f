"""The page in headless Chromium: needs Debian's `chromium` and `pip install 'scratchnn[browser]'`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scratchnn.workflows.report import ReportResult, report
from scratchnn.workflows.train import train

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="playwright is missing: pip install 'scratchnn[browser]'"
    )
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(params=["iris", "diabetes", "digits_cnn"])
def made(request: pytest.FixtureRequest) -> ReportResult:
    done = train(ROOT / "configs" / f"{request.param}.yaml", overrides=["training.epochs=2"])
    return report(done.run)


def luminance(color: str) -> float:
    """Relative luminance of `rgb(r, g, b)`, as WCAG 2 defines it."""
    shares = [int(part) / 255 for part in color.removeprefix("rgb(").removesuffix(")").split(",")]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_opens(browser: Any, made: ReportResult, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 800}, color_scheme=scheme)
    page, faults = context.new_page(), []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: faults.append(request.url) if request.url.startswith("http") else None)
    page.goto(made.output.resolve().as_uri())
    for width in (375, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        for name in made.charts:
            box = page.locator(f"#figure-{name} svg").bounding_box()
            assert box is not None
            assert box["width"] > 250
            assert box["height"] > 60
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
    surface = page.evaluate("getComputedStyle(document.querySelector('figure')).backgroundColor")
    assert (luminance(surface) < 0.2) == (scheme == "dark")
    colors = page.evaluate(
        "[...new Set([...document.querySelectorAll('figure svg text:not([style*=heat]), .says, .card dt, td, a')]"
        ".map(one => one.closest('svg') ? getComputedStyle(one).fill : getComputedStyle(one).color))]"
    )
    assert len(colors) >= 2
    assert min(contrast(color, surface) for color in colors) >= 4.5
    sizes = page.evaluate(
        "[...document.querySelectorAll('figure svg text')].map(one => one.getBoundingClientRect())"
        ".map(box => Math.min(box.width, box.height)).filter(size => size > 0)"
    )
    assert len(sizes) > 50
    assert faults == []
    context.close()


def test_no_text_of_a_drawing_is_cut_on_a_phone(browser: Any, made: ReportResult) -> None:
    page = browser.new_page(viewport={"width": 375, "height": 800})
    page.goto(made.output.resolve().as_uri())
    cut = page.evaluate(
        """() => [...document.querySelectorAll('figure svg')].flatMap(svg => {
            const frame = svg.getBoundingClientRect();
            return [...svg.querySelectorAll('text')].filter(text => {
                const box = text.getBoundingClientRect();
                return box.left < frame.left - 1 || box.right > frame.right + 1
                    || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
            }).map(text => text.textContent);
        })"""
    )
    assert cut == []
    page.close()
