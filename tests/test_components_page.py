"""docs/components.md is what the classes say."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def test_the_page_of_components_is_fresh() -> None:
    """Mend with: python docs/make_components.py"""
    page = runpy.run_path(str(DOCS / "make_components.py"))["page"]
    assert (DOCS / "components.md").read_text(encoding="utf-8") == page()
