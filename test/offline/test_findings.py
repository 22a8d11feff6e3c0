import json

import numpy as np
import pytest
from recordings import slow_noise, with_p_values, write_ros2

from infonet_ros.offline.analysis import analyse
from infonet_ros.offline.bags import Bag
from infonet_ros.offline.findings import Delay, Significance, findings, findings_record
from infonet_ros.offline.recording import chosen_span
from infonet_ros.streams.settings import Modality, Settings


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
    assert Significance.of(unrelated).found == 0
    assert "0 of 6 pairs are significant: p ≤ 0.01 against 99 surrogates" in " ".join(findings(unrelated))
    assert [pair["significant"] for pair in findings_record(unrelated)["pairs"]] == [False] * 6


def test_of_related_slow_streams_the_pair_is_significant(related):
    assert "1 of 1 pair is significant" in " ".join(findings(related))
    (pair,) = findings_record(related)["pairs"]
    assert (pair["p_value"], pair["p_adjusted"], pair["significant"]) == (0.01, 0.01, True)


def test_what_is_called_significant_is_corrected_and_what_is_not_is_said_too(small_analysis):
    judged = with_p_values(small_analysis, [0.01, 0.01, 0.4])
    significance = Significance.of(judged)
    assert (significance.found, significance.alone, significance.tested) == (0, 2, 3)
    assert "0 of 3 pairs are significant" in str(significance)
    assert "Unadjusted, 2 would pass" in str(significance)
    assert "a single pair can pass from 299 on" in str(significance)
    all_three = Significance.of(with_p_values(small_analysis, [0.01, 0.01, 0.01]))
    assert all_three.found == 3


def test_without_surrogates_nothing_is_called_significant_or_not(small_analysis):
    assert "Nothing was tested" in str(Significance.of(small_analysis))
    assert {pair["significant"] for pair in findings_record(small_analysis)["pairs"]} == {None}


def test_a_clear_delay_is_told_from_an_unclear_one(small_analysis):
    a, b = small_analysis.strongest(1)[0]
    clear = Delay.of(small_analysis, a, b)
    assert clear.clear
    assert clear.words.startswith("speed.data follows leg.force by 0.40 s (")
    unrelated = Delay.of(small_analysis, *small_analysis.strongest()[-1])
    assert not unrelated.clear


def test_a_delay_of_a_pair_that_is_not_significant_is_no_finding(small_analysis):
    a, b = small_analysis.strongest(1)[0]
    untested, tested = small_analysis, with_p_values(small_analysis, [0.3, 0.3, 0.3])
    assert any(sentence.startswith("Delay: speed.data") for sentence in findings(untested))
    assert not any(sentence.startswith("Delay") for sentence in findings(tested))
    assert findings(tested)[0].endswith(", which is not significant.")
    assert not Delay.of(tested, a, b).clear


def test_the_record_is_plain_json(small_analysis):
    record = json.loads(json.dumps(findings_record(small_analysis), allow_nan=False))
    assert record["channels"] == list(small_analysis.names)
    assert record["pairs"][0]["lag"] == pytest.approx(0.4)
    assert record["pairs"][0]["p_value"] is None
