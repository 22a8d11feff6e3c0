from dataclasses import replace

import numpy as np
import pytest
from analyses import said, with_p_values
from recordings import slow_noise, write_ros2

from infonet_ros.estimator.measures.untestable import reasons
from infonet_ros.intake.bags import Bag
from infonet_ros.intake.recording import chosen_span
from infonet_ros.offline.analysis import analyse
from infonet_ros.offline.findings.findings_record import findings_record
from infonet_ros.settings import Modality, Settings


def analysed(path, net, *channels):
    """Test channels of the gyro against those of the laser, without and with a delay of one sample."""
    modalities = tuple(Modality(name, f"/{name}", channels) for name in ("gyro", "laser"))
    settings = Settings(modalities, window=30.0, hop=10.0, max_lag=0.05, surrogates=99, projections=1)
    with Bag([path]) as bag:
        return analyse(bag, settings, chosen_span(bag, 0.0, None), net)


@pytest.fixture(scope="module")
def unrelated(tmp_path_factory, store, net):
    bag = write_ros2(tmp_path_factory.mktemp("null") / "bag", store, slow_noise(store))
    return analysed(bag, net, "vector.x", "vector.y")


@pytest.fixture(scope="module")
def related(tmp_path_factory, store, net):
    bag = write_ros2(tmp_path_factory.mktemp("pair") / "bag", store, slow_noise(store, coupled=True))
    return analysed(bag, net, "vector.x")


def test_of_unrelated_slow_streams_no_pair_is_significant(unrelated):
    assert unrelated.whole.matrix.mi[np.triu_indices(4, k=1)].max() > 0.0
    assert unrelated.significance.found == 0
    assert "0 of 6 pairs are significant: p ≤ 0.01 against 99 surrogates" in str(unrelated.significance)
    assert said(unrelated)[0] == "Nothing depends on anything here: none of 6 pairs is significant."
    assert [pair["significant"] for pair in findings_record(unrelated)["pairs"]] == [False] * 6


def test_of_related_slow_streams_the_pair_is_significant(related):
    assert "1 of 1 pair is significant" in str(related.significance)
    assert said(related)[0].startswith("gyro.vector.x and laser.vector.x share ")
    (pair,) = findings_record(related)["pairs"]
    assert (pair["p_value"], pair["p_adjusted"], pair["significant"]) == (0.01, 0.01, True)


def test_pairs_without_an_estimate_are_no_findings(small_analysis):
    tested = with_p_values(small_analysis, [1.0, 1.0, 1.0])
    matrix = replace(tested.whole.matrix, mi=np.full((3, 3), np.nan))
    blank = replace(tested, whole=replace(tested.whole, matrix=matrix))
    assert said(blank)[0] == "Nothing depends on anything here: none of 3 pairs is significant."


def test_significance_is_corrected_and_the_uncorrected_number_is_given_too(small_analysis):
    judged = with_p_values(small_analysis, [0.01, 0.01, 0.4])
    significance = judged.significance
    assert (significance.found, significance.alone, significance.tested) == (0, 2, 3)
    assert "0 of 3 pairs are significant" in str(significance)
    assert "Unadjusted, 2 would pass" in str(significance)
    assert "a single pair needs 299 or more" in str(significance)
    assert "0 of 1 pair is significant" in str(with_p_values(small_analysis, [0.4, np.nan, np.nan]).significance)
    all_three = with_p_values(small_analysis, [0.01, 0.01, 0.01]).significance
    assert all_three.found == 3


def test_without_surrogates_all_circular_shifts_decide_what_is_significant(small_analysis):
    assert "1 of 3 pairs is significant: p ≤ 0.01 against all circular shifts" in str(small_analysis.significance)
    assert [pair["significant"] for pair in findings_record(small_analysis)["pairs"]] == [True, False, False]


def test_what_is_too_short_to_be_shifted_is_not_tested(small_analysis):
    whole = small_analysis.whole
    matrix = replace(whole.matrix, p_value=np.full_like(whole.matrix.p_value, np.nan))
    untested = replace(small_analysis, whole=replace(whole, matrix=matrix, shifts=0))
    assert "Nothing was tested" in str(untested.significance)
    assert {pair["significant"] for pair in findings_record(untested)["pairs"]} == {None}


def test_that_no_pair_can_be_tested_is_told_with_the_reason(small_analysis):
    def told(valid=True, count=100, **changes):
        tested = with_p_values(small_analysis, [np.nan, np.nan, np.nan])
        matrix = replace(tested.whole.matrix, valid=np.full(3, valid), mi=np.zeros((3, 3)))
        matrix = replace(matrix, samples=np.full((3, 3), count))
        return said(replace(tested, whole=replace(tested.whole, matrix=matrix, **changes)))[0]

    assert told() == "No pair could be tested. They have too few samples in common (3 pairs)."
    assert told(valid=False) == "No pair could be tested. One of them does not vary (3 pairs)."
    few = "No pair could be tested. One of them has too few samples (3 pairs)."
    assert told(valid=False, count=20) == few
    short = "No pair could be tested. The recording is too short to be shifted against itself (3 pairs)."
    assert told(shifts=0) == short


def test_a_pair_that_drifts_is_called_so(small_analysis):
    tested = with_p_values(small_analysis, [0.3, 0.3, 0.3])
    matrix = tested.whole.matrix
    a, b = tested.strongest(1)[0]
    drifting = np.isin(np.arange(len(matrix.names)), (a, b))
    p_value = np.where(drifting[:, None] & drifting, np.nan, matrix.p_value)
    matrix = replace(matrix, drifting=drifting, p_value=p_value, untested=reasons(drifting))
    drifts = replace(tested, whole=replace(tested.whole, matrix=matrix))
    all_drift = np.ones(3, dtype=bool)
    everything = replace(matrix, drifting=all_drift, p_value=np.full((3, 3), np.nan), untested=reasons(all_drift))
    drift = replace(tested, whole=replace(tested.whole, matrix=everything))
    assert said(drift)[0] == "No pair could be tested. Both drift: compare their rates of change (3 pairs)."
    assert "1 pair cannot be tested, because both drift" in str(drifts.significance)
    nothing = "Nothing depends on anything here, as far as can be tested"
    assert said(drifts)[0] == f"{nothing}: none of 2 pairs is significant, 1 pair cannot be tested."
    assert [pair["both_drift"] for pair in findings_record(drifts)["pairs"]] == [False, False, True]


def test_too_few_surrogates_are_reported_instead_of_no_dependence(small_analysis):
    few = with_p_values(small_analysis, [0.05, 0.05, 0.05], surrogates=19)
    assert said(few)[0].startswith("No pair passes with 19 surrogates: a single pair needs 299 or more")
