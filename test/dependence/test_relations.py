import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.dependence.changes.relation_changes import LEAST_SIGMAS
from infonet_ros.dependence.changes.relations import Relation
from infonet_ros.dependence.changes.steps import Stretch
from infonet_ros.dependence.changes.verdicts import CHANGED, Outcome

COUNT = 4000


def wave(seed, memory=30.0):
    """An AR(1) of variance 1."""
    keep = np.exp(-1.0 / memory)
    noise = np.random.default_rng(seed).standard_normal(COUNT + 500)
    return lfilter([np.sqrt(1.0 - keep**2)], [1.0, -keep], noise)[500:]


def noise(size, seed=99):
    return size * np.random.default_rng(seed).standard_normal(COUNT)


def later(value, otherwise, share=0.5):
    return np.where(np.arange(COUNT) >= share * COUNT, value, otherwise)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
@pytest.mark.parametrize(
    ("change", "kind", "value"),
    [
        (lambda y, share: y * later(-1.0, 1.0, share), Outcome.SIGN, -1.0),
        (lambda y, share: y * later(3.6, 1.0, share), Outcome.FACTOR, 3.6),
        (lambda y, share: y * later(np.degrees(1.0), 1.0, share), Outcome.FACTOR, np.degrees(1.0)),
        (lambda y, share: y + later(0.8, 0.0, share), Outcome.OFFSET, 0.8),
        (lambda y, share: later(np.abs(y) - 0.8, y, share), Outcome.OTHER, np.nan),
    ],
    ids=["sign", "unit", "degrees", "offset", "other"],
)
def test_what_became_of_y_beside_x_and_when(share, change, kind, value):
    x = wave(0)
    relation = Relation.of(x, change(x + noise(0.15), share))
    rows, sigmas = relation.change(LEAST_SIGMAS)
    assert abs(rows.begin - share * COUNT) <= 0.01 * COUNT
    assert rows.end == COUNT
    assert sigmas > LEAST_SIGMAS
    found = relation.verdict(rows, side=1)
    assert found.kind is kind
    assert found.value == pytest.approx(value, rel=0.05, nan_ok=True)


def test_a_curved_relation_has_a_factor_and_an_offset_too():
    x = np.abs(wave(1))
    for y, kind, value in (
        (x**2 * later(2.0, 1.0), Outcome.FACTOR, 2.0),
        (x**2 + later(1.0, 0.0), Outcome.OFFSET, 1.0),
    ):
        relation = Relation.of(x, y + noise(0.1))
        found = relation.verdict(Stretch(COUNT // 2, COUNT), side=1)
        assert found.kind is kind
        assert found.value == pytest.approx(value, rel=0.1)


@pytest.mark.parametrize(
    "pair",
    [
        lambda x, seed: (x, x + noise(0.3, seed)),
        lambda x, seed: (x, x**2 + noise(0.3, seed)),
        lambda x, seed: (x * later(4.0, 1.0), np.tanh(x * later(4.0, 1.0)) + noise(0.2, seed)),  # moves more
        lambda x, seed: (x + later(4.0, 0.0), (x + later(4.0, 0.0)) ** 2 + noise(0.3, seed)),  # at another speed
        lambda x, seed: (np.abs(x) * later(-1.0, 1.0), np.abs(x) + noise(0.1, seed)),  # reverses
        lambda x, seed: (x, x + np.linspace(0.0, 2.0, COUNT) + noise(0.3, seed)),  # drifts
        lambda x, seed: (x, x * np.linspace(1.0, 2.0, COUNT) + noise(0.3, seed)),
        lambda x, seed: (x, x + 0.02 * np.cumsum(noise(1.0, seed))),  # wanders
        lambda x, seed: (x, x + wave(seed, 200.0)),
    ],
    ids=["line", "square", "more motion", "other speed", "reverse", "drift", "gain drifts", "wander", "slow noise"],
)
def test_one_relation_does_not_change_whatever_the_motion(pair):
    for seed in range(20):
        relation = Relation.of(*pair(wave(seed), 1000 + seed))
        found = relation.change(LEAST_SIGMAS)
        assert found is None or {relation.verdict(found[0], side).kind for side in (0, 1)} - CHANGED


def test_a_pair_with_too_few_samples_or_without_motion_has_no_relation():
    assert Relation.of(wave(0)[:100], wave(1)[:100]) is None
    assert Relation.of(wave(0), np.zeros(COUNT)) is None
    unknown = wave(0)
    unknown[COUNT // 2 :] = np.nan
    assert len(Relation.of(unknown, wave(1)).rows) == COUNT // 2


def test_the_samples_tell_since_when_a_wheel_slips_though_it_hardly_turns_at_first():
    x = np.round(4.0 * wave(0))
    x[2000:2200] = np.sign(x[2000:2200])
    slips = slice(2000, 2400)
    y = x + noise(0.05)
    y[slips] += x[slips]
    rows = Relation.of(x + noise(0.05, seed=9), y).nearer(Stretch(2250, 2400))
    assert rows == (pytest.approx(2000, abs=20), pytest.approx(2400, abs=20))


def test_the_samples_tell_since_when_an_offset_lasts_while_x_rests():
    x = wave(0)
    x[2000:2400] = 0.0
    y = x + noise(0.05)
    y[2000:2400] += 0.8
    rows = Relation.of(x, y).nearer(Stretch(2250, 2400))
    assert rows == (pytest.approx(2000, abs=20), pytest.approx(2400, abs=20))
