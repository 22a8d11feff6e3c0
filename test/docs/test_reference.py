"""The tables of the reference pages agree with the package."""

import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "docs" / "_extensions"))

pytest.importorskip("sphinx", reason="needs Sphinx, as `make docs` does")
pytest.importorskip("rclpy", reason="needs ROS 2")
reference = import_module("reference")


@pytest.mark.parametrize("name", ["MutualInformationMatrix", "MutualInformationPair", "PairEvidence"])
def test_every_field_of_a_message_is_described(name):
    messages = pytest.importorskip("infonet_ros.msg")
    introduction, rows = reference.described_fields((ROOT / "msg" / f"{name}.msg").read_text(encoding="utf-8"))
    fields = getattr(messages, name).get_fields_and_field_types()

    assert introduction
    assert [field.strip("`") for field, _, _ in rows if "=" not in field] == list(fields)
    assert all(len(comment) > 20 for _, _, comment in rows)


def test_a_comment_may_stand_before_its_field():
    definition = "# A message.\n\n# First line,\n# second line.\nfloat32[] x\nbool y  # behind\n"
    _, rows = reference.described_fields(definition)

    assert rows == [("`x`", "`float32[]`", "First line, second line."), ("`y`", "`bool`", "behind")]


def test_a_table_keeps_bars_inside_its_cells():
    assert reference.table(("a", "b"), [("x|min", "y")]).splitlines()[-1] == r"| x\|min | y |"


def test_ranges_have_their_unit():
    assert reference.allowed({"minimum": 0.01, "maximum": 86400.0, "unit": "s", "default": 2.0}) == "0.01 to 86400 s"
