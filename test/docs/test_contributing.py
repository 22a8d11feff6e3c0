"""The page for those who change the code names files that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_path_on_the_page_exists():
    page = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    paths = re.findall(r"(?:`|pytest )(\w+/[\w/.]*)`", page)
    assert len(paths) > 30
    assert [path for path in paths if not (ROOT / path).exists()] == []
