"""The guides in the docstrings of large rooms name every module, and no other."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "infonet_ros"


@pytest.mark.parametrize("room", ["dependence", "intake/tables", "node", "offline"])
def test_the_guides_of_a_room_name_all_modules(room):
    files = [path for path in (PACKAGE / room).rglob("*.py") if path.name != "__init__.py"]
    guides = [ast.get_docstring(ast.parse(path.read_text())) for path in (PACKAGE / room).rglob("__init__.py")]
    named = {name.partition(".")[0] for name in re.findall(r"`([a-z_0-9.A-Z]+)`", "\n".join(guides))}
    modules = {path.stem for path in files}
    assert modules <= named <= modules | {path.parent.name for path in files}
