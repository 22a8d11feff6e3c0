"""What README.md and docs/ quote is what the results say."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks import pages
from benchmarks.__main__ import NAMES, announcement
from benchmarks.benchmark import RESULTS, load

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("page", "section", "text"), pages.sections(), ids=lambda value: str(value)[-20:])
def test_the_page_agrees_with_the_results(page, section, text):
    written = page.read_text(encoding="utf-8")

    assert pages.with_section(written, section, text) == written, "run `python -m benchmarks.pages`"


def test_each_claim_names_a_command_that_exists():
    commands = re.findall(r"`python -m (benchmarks\.\w+)", pages.accuracy_section(pages.records()))

    assert commands
    assert all(find_spec(command) for command in commands)


def test_tables_beside_the_results_are_made_from_them():
    for name, record in pages.records().items():
        written = (RESULTS / f"{name}.md").read_text(encoding="utf-8")
        assert written.endswith("\n\n" + pages.table(name, record)), "run `python -m benchmarks.pages`"


def test_a_page_without_the_section_is_an_error():
    with pytest.raises(ValueError, match="0 sections"):
        pages.with_section("# Title\n", "accuracy", "text")


def test_all_benchmarks_are_named_in_the_documents():
    text = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")

    assert [name for name in NAMES if f"benchmarks.{name}`" not in text] == []


def test_a_run_says_beforehand_how_long_it_takes(tmp_path):
    record = load(RESULTS / "accuracy.json")
    commands = [record["command"], "python -m benchmarks.unknown"]

    assert f"{record['seconds'] / 60:.1f} minutes" in announcement(commands, RESULTS)
    assert "and 1 of which that is not known yet" in announcement(commands, RESULTS)
    assert "does not tell yet" in announcement(commands, tmp_path)


def test_the_extra_has_what_is_compared_with():
    setup = (ROOT / "setup.py").read_text(encoding="utf-8")

    assert re.search(r'"bench": \["ennemi", "scikit-learn", "tigramite"', setup)
