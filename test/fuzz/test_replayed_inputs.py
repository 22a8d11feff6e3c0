"""The seeds and findings of fuzzing, given to the same targets: they raise only errors of this package."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("rosbags")

FINDINGS = Path(__file__).parent / "findings"
sys.path.insert(0, str(Path(__file__).parents[2] / "fuzz"))

from seeds import write_seeds
from targets import TARGETS


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz") / "seeds"
    write_seeds(folder)
    return folder


@pytest.mark.parametrize("name", TARGETS)
def test_every_target_takes_its_seeds(name, seeds):
    paths = sorted((seeds / name).iterdir())
    assert paths
    for path in paths:
        TARGETS[name](path.read_bytes())


@pytest.mark.parametrize("path", sorted(FINDINGS.glob("*/*")), ids=lambda path: path.name)
def test_corrected_findings_stay_corrected(path):
    TARGETS[path.parent.name](path.read_bytes())
