"""The examples of docstrings return what they show."""

import doctest
import re
import tempfile
from decimal import Decimal
from importlib import import_module
from pathlib import Path

import pytest

import infonet_ros
from infonet_ros import InfoNet

ROOT = Path(__file__).parents[2]
TEXTS = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts): path.read_text(encoding="utf-8")
    for path in sorted((ROOT / "infonet_ros").rglob("*.py"))
}


class NearNumbers(doctest.OutputChecker):
    """Takes numbers that differ by two in their last place: the network rounds as the processor does."""

    NUMBER = re.compile(r"-?\d+\.\d+")

    def check_output(self, want, got, optionflags):
        if self.NUMBER.sub("", want) != self.NUMBER.sub("", got):
            return super().check_output(want, got, optionflags)
        numbers = (map(Decimal, self.NUMBER.findall(text)) for text in (want, got))
        return all(abs(a - b) <= 2 * Decimal(10) ** a.as_tuple().exponent for a, b in zip(*numbers, strict=True))


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if ">>> " in text])
def test_examples_of_docstrings(name, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # the folders of the examples go with the test's
    if "to_dataframe" in TEXTS[name]:
        pytest.importorskip("pandas")
    runner = doctest.DocTestRunner(NearNumbers())
    for example in doctest.DocTestFinder().find(import_module(name)):
        runner.run(example)
    assert runner.tries
    assert not runner.failures


def test_every_public_name_has_an_example():
    names = {name: getattr(infonet_ros, name) for name in infonet_ros.__all__ if name != "__version__"}
    asked = {name: one for name, one in names.items() if one is not infonet_ros.InfonetError}
    assert [name for name, one in asked.items() if ">>> " not in one.__doc__] == []


def test_every_method_of_the_estimator_has_an_example():
    methods = ["__call__", *(name for name in vars(InfoNet) if not name.startswith("_"))]
    texts = {name: getattr(InfoNet, name).__doc__ for name in methods if callable(getattr(InfoNet, name))}
    assert [name for name, text in texts.items() if ">>> " not in text] == []
