"""Channels that drift are judged without their drift: what they share by drift alone is not shown."""

import re

import numpy as np
import pytest
from scipy.signal import lfilter
from table_files import columns_written

from infonet_ros.offline.findings.findings_record import findings_record
from infonet_ros.offline.findings.sentences import findings
from infonet_ros.offline.job import analyse_bag
from infonet_ros.settings import Modality, Settings


@pytest.fixture(scope="module")
def drives(tmp_path_factory):
    """Two wheels that wander with a common part in their steps, and a third that wanders alone."""
    rng, count = np.random.default_rng(0), 4000
    steps = rng.standard_normal((count, 3))
    steps[:, 1] = 0.8 * steps[:, 0] + 0.6 * steps[:, 1]
    channels = np.cumsum(lfilter([1.0], [1.0, -0.5], steps, axis=0), axis=0)
    folder = tmp_path_factory.mktemp("drift")
    columns_written(folder / "walks.csv", "time,a,b,c", np.arange(count) / 20.0, channels)
    settings = Settings((Modality("t", "table", ("a", "b", "c")),), rate=20.0, window=40.0, hop=20.0)
    return analyse_bag(folder / "walks.csv", folder / "out", settings, formats=[], cores=2).analysis


def test_drifting_pairs_are_told_as_they_are_judged(drives):
    """The first two change together, by a correlation of 0.8; the levels of the others share by drift alone."""
    matrix = drives.whole.matrix
    assert matrix.both_drift[np.triu_indices(3, k=1)].all()
    assert matrix.mi[0, 1] > -0.5 * np.log(1.0 - 0.8**2)
    assert max(matrix.mi[0, 2], matrix.mi[1, 2]) < 0.05
    first, *_ = findings(drives)
    assert re.match(r"t\.a and t\.b share \d\.\d\d nats \([\d. to]+\), judged without their drift", str(first))
    pairs = {(pair["a"], pair["b"]): pair for pair in findings_record(drives)["pairs"]}
    assert all(pair["both_drift"] and pair["without_drift"] for pair in pairs.values())
    assert [pair["significant"] for pair in pairs.values()] == [True, False, False]
