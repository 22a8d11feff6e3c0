"""Sentences are short: the readers are engineers in a second language."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    "README.md",
    "infonet_ros/models/README.md",
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
]
MOST = 30  # words
GENERATED = re.compile(r"<!-- (.*?): begin.*?<!-- \1: end -->", re.DOTALL)

markdown = pytest.importorskip("markdown_it", reason="needs markdown-it-py, as `make docs` does")


def sentences(text):
    """Yield the sentences of all paragraphs, list items and cells; code within them is one word."""
    for block in markdown.MarkdownIt().enable("table").parse(GENERATED.sub("", text)):
        if block.type != "inline":
            continue
        words = {"text": lambda part: part.content, "code_inline": lambda part: "CODE", "softbreak": lambda part: " "}
        prose = "".join(words[part.type](part) for part in block.children if part.type in words)
        yield from re.split(r"(?<=[.!?:;])\s+", prose)


@pytest.mark.parametrize("page", PAGES)
def test_no_sentence_is_long(page):
    found = list(sentences((ROOT / page).read_text(encoding="utf-8")))
    assert found
    assert [one for one in found if len(re.findall(r"\S*\w\S*", one)) > MOST] == []


def test_a_sentence_is_found_wherever_it_stands():
    text = "A **first** one. `a b c`\nis a second.\n\n- a third\n\n| a fourth |\n|---|\n\n```\nno\n```\n"
    assert list(sentences(text)) == ["A first one.", "CODE is a second.", "a third", "a fourth"]
