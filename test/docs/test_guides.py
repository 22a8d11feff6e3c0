"""The guides in the docstrings of large rooms name modules that are there."""

import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ["dependence", "intake/tables", "node", "offline"]


@pytest.mark.parametrize("room", ROOMS)
def test_a_guide_names_modules_that_exist(room):
    guide = import_module(f"infonet_ros.{room.replace('/', '.')}").__doc__.partition("\n\n")[2]
    named = {name.partition(".")[0] for name in re.findall(r"`([a-z_0-9.A-Z]+)`", guide)}
    modules = {path.stem for path in (ROOT / "infonet_ros" / room).rglob("*")} - {"__init__"}  # and folders of them
    assert len(named) > 20
    assert named <= modules
