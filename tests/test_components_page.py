"""docs/components.md is what the classes say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs"


def test_the_page_of_components_is_fresh(tmp_path: Path) -> None:
    """Mend with: python docs/make_components.py. In a process of its own, since tests declare components too."""
    subprocess.run([sys.executable, DOCS / "make_components.py", tmp_path / "page.md"], check=True)
    assert (DOCS / "components.md").read_text(encoding="utf-8") == (tmp_path / "page.md").read_text(encoding="utf-8")
