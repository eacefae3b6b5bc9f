"""A chart, and how it becomes a picture: SVG inside of the page, or a PNG file. Needs matplotlib."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

from scratchnn.errors import UsageError
from scratchnn.reporting.palette import GRID, INK, MUTED
from scratchnn.reporting.svg import inline
from scratchnn.reporting.wording import short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LETTERS = 60  # that fit beside each other
WIDTH = 4.8  # inches of 72 units: as wide as a phone, so that letters are as large there as they are drawn
INSTALL = "pip install 'scratchnn[plot]'"
_SETTINGS: dict[str, Any] = {
    "font.size": 11,
    "axes.labelsize": 11,
    "axes.titlesize": 11,
    "xtick.labelsize": 10.5,
    "ytick.labelsize": 10.5,
    "legend.fontsize": 10.5,
    "legend.frameon": False,
    "legend.handlelength": 1.9,
    "legend.columnspacing": 1.2,
    "text.color": INK,
    "text.parse_math": False,  # names of classes and columns may hold dollar signs
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,  # no "+0.97" apart from the ticks
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "lines.linewidth": 1.8,
    "figure.facecolor": "none",
    "savefig.facecolor": "none",
    "svg.fonttype": "none",  # letters stay text: small, and in the page's own font
    "svg.hashsalt": "scratchnn",
}


@dataclass(frozen=True)
class Chart:
    """A picture with what it says in words. `name` is for its file and its ids; `size` is in inches."""

    name: str
    title: str
    description: str
    draw: Callable[[Figure], None]
    height: float = 3.1

    def svg(self) -> str:
        """The picture for the page."""
        with _drawing():
            from matplotlib.backends.backend_svg import FigureCanvasSVG

            buffer = BytesIO()
            # Not `savefig`, which draws everything twice.
            canvas: Any = FigureCanvasSVG(self._figure())
            canvas.print_svg(buffer, metadata={"Date": None, "Creator": None})
        return inline(buffer.getvalue(), f"chart-{self.name}", self.title, self.description)

    def png(self) -> bytes:
        """The picture as a file of its own, on white, with its title."""
        with _drawing():
            buffer = BytesIO()
            figure = self._figure()
            figure.suptitle(short(self.title, 60), fontsize=11.5)
            figure.savefig(buffer, format="png", dpi=200, facecolor="white", metadata={"Software": None})
        return buffer.getvalue()

    def _figure(self) -> Figure:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(WIDTH, self.height), layout="constrained")
        self.draw(figure)
        return figure


def require_matplotlib() -> None:
    """Raises `UsageError` where the library that draws is not installed."""
    if find_spec("matplotlib") is None:
        message = "drawing needs the library matplotlib, which is not installed"
        raise UsageError(message, where="report", hint=f"Run: {INSTALL}")


def axes_of(figure: Figure, x: str, y: str) -> Axes:
    """The only axes of a figure, with their labels."""
    axes = figure.subplots()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return axes


def legend(figure: Figure) -> None:
    """Names the lines above the axes, where they cover nothing: on one line if they fit, else in columns.

    A single line needs no name.
    """
    names = figure.axes[0].get_legend_handles_labels()[1]
    if len(names) > 1:
        widths = [len(name) + 7 for name in names]  # in letters, with the piece of the line before each
        columns = len(names) if sum(widths) <= _LETTERS else max(1, _LETTERS // max(widths))
        figure.legend(loc="outside upper left", ncols=columns)


def plain_log(axes: Axes) -> None:
    """A logarithmic y axis whose numbers are written out."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_yscale("log")
    low, high = axes.get_ylim()
    steps = (1.0,) if high / low > 100 else (1.0, 2.0, 5.0)
    axes.yaxis.set_major_locator(LogLocator(subs=steps, numticks=8))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


@contextmanager
def _drawing() -> Iterator[None]:
    """Settings of our own over matplotlib's defaults, whatever a user's files say; put back at the end."""
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # letters that its fonts lack; a browser has them
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(cast("Any", _SETTINGS))
        yield
