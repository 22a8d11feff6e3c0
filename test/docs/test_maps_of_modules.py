"""The docstring of a folder that lists its modules lists all of them."""

from importlib import import_module
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "name", ["dependence", "estimator.measures", "estimator.network", "estimator.samples", "training"]
)
def test_all_modules_are_listed(name):
    package = import_module(f"infonet_ros.{name}")
    modules = {path.stem for path in Path(package.__file__).parent.glob("[!_]*.py")}
    assert {module for module in modules if f"`{module}`" not in package.__doc__} == set()
