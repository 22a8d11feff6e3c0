from itertools import combinations

import numpy as np
import pytest
from matrices import matrix_of
from scipy import stats

from infonet_ros import InfoNet
from infonet_ros.dependence.window_matrices import column_groups, modality_matrix, modality_matrix_in_steps
from infonet_ros.intake.windows.window import Window
from infonet_ros.settings import Modality, Settings

# The example of Benjamini and Hochberg (1995); at a level of 0.05 they reject the first four.
P_VALUES = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719]
P_VALUES += [0.6528, 0.7590, 1.0000]


def with_p_values(p_values, dtype=np.float64):
    """All pairs of as many channels as have these p-values, in the order of the upper triangle."""
    count = round((1 + (1 + 8 * len(p_values)) ** 0.5) / 2)
    p_value = np.full((count, count), np.nan, dtype=dtype)
    p_value[np.triu_indices(count, k=1)] = p_values
    p_value.T[np.triu_indices(count, k=1)] = p_values
    square = np.zeros((count, count), dtype=np.float32)
    return matrix_of(square, p_value=p_value)


def upper(square):
    return square[np.triu_indices(len(square), k=1)]


def test_significance_is_corrected_for_the_number_of_pairs():
    matrix = with_p_values(P_VALUES)
    assert upper(matrix.significant(0.05, adjusted=True)).tolist() == [True] * 4 + [False] * 11
    assert upper(matrix.significant(0.05)).sum() == 9
    assert upper(matrix.p_adjusted)[:2] == pytest.approx([0.0015, 0.003])
    np.testing.assert_array_equal(matrix.p_adjusted, matrix.p_adjusted.T)


def test_two_of_fifty_five_at_one_in_a_hundred_are_chance():
    assert not with_p_values([0.01, 0.01] + [1.0] * 53).significant(0.01, adjusted=True).any()
    assert upper(with_p_values([0.01] * 55).significant(0.01, adjusted=True)).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("surrogates", [19, 99, 999])
def test_the_least_p_value_reaches_the_level_that_it_was_made_for(surrogates, dtype):
    level = 1 / (1 + surrogates)
    assert upper(with_p_values([level] * 3, dtype).significant(level)).all()
    assert upper(with_p_values([level] * 3, dtype).significant(level, adjusted=True)).all()
    assert not with_p_values([2 * level] * 3, dtype).significant(level).any()


def test_pairs_without_a_p_value_are_not_counted():
    matrix = with_p_values([0.005, np.nan, np.nan])
    assert upper(matrix.p_adjusted) == pytest.approx([0.005, np.nan, np.nan], nan_ok=True)
    assert np.isnan(with_p_values([np.nan] * 3).p_adjusted).all()


def told(p_value=np.nan, lower=0.5, **changes):
    """What is told of one pair that is 0.4 s apart."""
    square = np.full((2, 2), lower, np.float32)
    lag = np.array([[0.0, 0.4], [-0.4, 0.0]], np.float32)
    return matrix_of(square, lag=lag, p_value=np.full((2, 2), p_value), **changes).told_lag()[0, 1]


def test_a_lag_is_told_only_if_it_is_surely_a_delay():
    assert told() == told(p_value=0.05) == np.float32(0.4)
    assert np.isnan([told(p_value=0.06), told(lower=0.04), told(valid=np.array([True, False]))]).all()
    clear = np.ones((2, 2), bool)
    assert told(lower=0.04, delay_clear=clear) == np.float32(0.4)  # a whole recording knows it
    assert np.isnan(told(delay_clear=~clear))
    assert np.isnan(told(p_value=0.06, delay_clear=clear))


def window_of_modalities(surrogates):
    """Four modalities that share a common part, one of them constant, with a gap in one channel."""
    rng = np.random.default_rng(5)
    common = rng.normal(size=(200, 1))
    samples = common + rng.normal(size=(200, 6))
    samples[50:60, 2] = np.nan
    samples[:, 5] = 3.0  # a modality that is constant
    channels = {"a": ("x", "y"), "b": ("x",), "c": ("x", "y"), "d": ("x",)}
    modalities = tuple(Modality(name, f"/{name}", paths) for name, paths in channels.items())
    settings = Settings(modalities=modalities, projections=4, surrogates=surrogates)
    window = Window(settings.channel_names, samples, 0, 1, 50.0)
    return window, settings


def test_adjusted_p_values_are_those_of_scipy(rng):
    p = np.round(rng.random(45) ** 3, 2)  # some alike
    adjusted = upper(with_p_values(p.tolist()).p_adjusted)
    np.testing.assert_allclose(adjusted, stats.false_discovery_control(p))


@pytest.mark.parametrize("surrogates", [0, 9])
def test_the_matrix_of_modalities_in_steps_is_that_in_one(surrogates):
    window, settings = window_of_modalities(surrogates)
    net = InfoNet.from_pretrained("cpu")
    whole = modality_matrix(net, window, settings)
    *nothing, stepwise = modality_matrix_in_steps(net, window, settings)
    assert nothing == [None] * 6  # one for each pair
    for field in ("mi", "lower", "upper", "p_value", "lag", "samples", "valid"):
        np.testing.assert_array_equal(getattr(stepwise, field), getattr(whole, field))
    assert (stepwise.names, stepwise.method, stepwise.end) == (whole.names, whole.method, whole.end)


def test_each_pair_of_modalities_is_what_it_is_alone():
    window, settings = window_of_modalities(surrogates=9)
    net = InfoNet.from_pretrained("cpu")
    whole = modality_matrix(net, window, settings)
    groups = column_groups(window.names, settings.modalities)
    for a, b in combinations(range(len(groups)), 2):
        alone = net.sliced(
            window.samples[:, groups[a]], window.samples[:, groups[b]], projections=settings.projections, surrogates=9
        )
        assert whole.samples[a, b] == alone.samples
        for field in ("mi", "lower", "upper", "p_value"):
            assert getattr(whole, field)[a, b] == getattr(whole, field)[b, a] == pytest.approx(getattr(alone, field))


def test_a_dataframe_has_one_row_for_each_pair(make_matrix):
    pytest.importorskip("pandas", reason="pandas is not installed: pip install pandas")
    matrix = make_matrix(["a", "b", "<c>"], {("a", "b"): (0.7, 0.2, 0.01), ("a", "<c>"): (0.1, 0.0, 0.5)})

    frame = matrix.to_dataframe().set_index(["a", "b"])

    assert list(frame.index) == [("a", "b"), ("a", "<c>"), ("b", "<c>")]
    assert frame.mi["a", "b"] == np.float32(0.7)
    assert frame.lag["a", "b"] == np.float32(0.2)
    assert "<th>&lt;c&gt;</th>" in matrix._repr_html_()
