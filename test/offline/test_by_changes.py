"""Channels that drift are judged without their drift: what they share by drift alone is not shown."""

import re
from dataclasses import replace

import numpy as np
import pytest
from analyses import with_pairs
from scipy.signal import lfilter
from table_files import columns_written

from infonet_ros.offline.findings.findings_record import findings_record
from infonet_ros.offline.findings.sentences import findings
from infonet_ros.offline.job import analyse_bag
from infonet_ros.offline.whole_recording.whole_estimate import with_changes
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


def test_a_pair_whose_changes_surely_share_more_than_its_levels_has_the_mi_of_the_changes(small_analysis, net, rng):
    matrix = with_pairs(small_analysis, {(0, 2): 0.2, (1, 3): 3.0}).whole.matrix
    changes = rng.standard_normal((2000, 6))
    changes[:, 2:4] = 0.9 * changes[:, :2] + np.sqrt(1.0 - 0.9**2) * changes[:, 2:4]
    drifting = replace(matrix, drifting=np.ones(6, dtype=bool), samples=np.full((6, 6), 2000))
    found = with_changes(net, changes, drifting, 0)
    share = -0.5 * np.log(1.0 - 0.9**2)
    assert found.mi[0, 2] == pytest.approx(share, abs=0.1)
    assert found.lower[0, 2] < found.mi[0, 2] < found.upper[0, 2]
    assert found.mi[1, 3] == 3.0  # of the levels, which share more
    assert found.lower[1, 3] == pytest.approx(2.9)
