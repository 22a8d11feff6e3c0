from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import lfilter

from infonet_ros.dependence.given_streams import delays_within, followed_streams
from infonet_ros.dependence.watches import State, WatchedPair, judged
from infonet_ros.dependence.window_matrices import (
    channel_matrices,
    channel_matrix,
    transfer_matrix_in_steps,
    watched_matrices,
)
from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.windows.window import Window
from infonet_ros.settings import Modality, Settings, Watch, params_document, settings_from_text

LEFT, RIGHT, COMMAND = "base.left", "base.right", "base.command"
BASE = Modality("base", "/base", ("left", "right", "command"))
SLIP = Watch("slip", (LEFT, RIGHT), given=(COMMAND,))


@pytest.fixture
def window(rng):
    """Two wheels that follow one command, each with noise of its own."""
    command, left, right = rng.standard_normal((3, 1200))
    samples = np.stack([command + 0.4 * left, command + 0.4 * right, command], axis=1)
    return Window((LEFT, RIGHT, COMMAND), samples, 0, 119_900_000_000, 10.0)


def test_beside_a_command_two_wheels_share_nothing(net, window):
    plain = channel_matrix(net, window, Settings((BASE,)))
    beside = channel_matrix(net, window, Settings((BASE,), given=(COMMAND,), surrogates=19))
    assert plain.mi[0, 1] > 0.5 and plain.given == ()
    assert beside.mi[0, 1] < 0.03 and beside.p_value[0, 1] > 0.05
    assert beside.method == "conditional" and beside.given == (COMMAND,)
    assert beside.names == plain.names and beside.valid.tolist() == [True, True, False]


def test_time_can_be_given(net, window):
    trend = Window(window.names, window.samples + np.linspace(0.0, 30.0, 1200)[:, None], 0, window.end, 10.0)
    assert channel_matrix(net, trend, Settings((BASE,))).mi[0, 1] > 1.0
    beside = channel_matrix(net, trend, Settings((BASE,), given=("time", COMMAND)))
    assert beside.mi[0, 1] < 0.1


def test_a_watch_judges_beside_what_it_names(net, window):
    settings = Settings((BASE,), watches=(SLIP,))
    (matrix,) = watched_matrices(net, window, settings)
    assert matrix.names == SLIP.pair
    assert judged(WatchedPair(SLIP), matrix).state is State.BROKEN
    assert "MI given base.command is" in str(judged(WatchedPair(SLIP), matrix))
    assert judged(WatchedPair(SLIP), channel_matrix(net, window, settings)).state is State.UNKNOWN
    assert list(watched_matrices(net, window, Settings((BASE,), watches=(SLIP,), given=(COMMAND,)))) == []


def test_transfer_goes_from_row_to_column(net, rng):
    x, y = np.zeros((2, 1500))
    noise = rng.standard_normal((2, 1500))
    for t in range(2, 1500):
        x[t], y[t] = 0.5 * x[t - 1] + noise[0, t], 0.3 * y[t - 1] + 0.8 * x[t - 2] + noise[1, t]
    window = Window((LEFT, RIGHT), np.stack([x, y], axis=1), 0, 149_900_000_000, 10.0)
    settings = Settings((Modality("base", "/base", ("left", "right")),), max_lag=0.3, surrogates=19)
    *_, matrix = transfer_matrix_in_steps(net, window, settings)
    assert matrix.method == "transfer" and matrix.lag[0, 1] == pytest.approx(0.2)
    assert matrix.mi[0, 1] > 0.2 and matrix.mi[1, 0] < 0.03
    pairs = matrix.columns()
    assert list(zip(pairs["a"], pairs["b"], strict=True)) == [(LEFT, RIGHT), (RIGHT, LEFT)]
    assert np.isfinite(matrix.p_adjusted[[0, 1], [1, 0]]).all()


def test_settings_with_what_is_given_are_written_and_read():
    settings = Settings((BASE,), watches=(SLIP,), given=("time",), transfer=True, past=2)
    assert settings_from_text(params_document(settings), "test") == settings
    assert settings.given_for(SLIP) == (COMMAND,)
    assert settings.given_for(Watch("other", (LEFT, RIGHT))) == ("time",)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"given": ("base.comand",)}, r"given names 'base.comand' \(did you mean 'base.command'\?\)"),
        ({"given": (COMMAND, COMMAND)}, "expected each once"),
        ({"watches": (Watch("slip", (LEFT, RIGHT), given=(LEFT,)),)}, "other than the pair itself"),
        ({"watches": (Watch("slip", (LEFT, RIGHT)),), "given": (LEFT,)}, "on which all pairs are conditioned"),
        ({"past": 9}, "past must lie between 1 and 8"),
    ],
)
def test_what_cannot_be_given_is_refused(values, message):
    with pytest.raises(ConfigurationError, match=message):
        Settings((BASE,), **values)


def wheels(command, window):
    """The window with a command and two channels that follow it with a little noise."""
    follow = lfilter([0.1], [1.0, -0.9], command)
    left, right = follow + 0.05 * np.random.default_rng(1).standard_normal((2, len(command)))
    return replace(window, samples=np.stack([left, right, command], axis=1))


def test_a_held_command_explains_wheels_that_follow_it_slowly(net, rng, window):
    slow = wheels(np.repeat(rng.standard_normal(120), 10), window)
    assert channel_matrix(net, slow, Settings((BASE,))).mi[0, 1] > 1.5
    assert channel_matrix(net, slow, Settings((BASE,), given=(COMMAND,))).mi[0, 1] < 0.1


def test_a_command_that_acts_later_explains_within_max_lag(net, rng, window):
    command = lfilter([1.0], [1.0, -0.5], rng.standard_normal(1200))
    late = np.roll(command, 8) + 0.3 * rng.standard_normal((2, 1200))
    moved = replace(window, samples=np.stack([*late, command], axis=1))
    found = [channel_matrix(net, moved, Settings((BASE,), given=(COMMAND,), max_lag=lag), [0]) for lag in (0.0, 1.0)]
    assert found[0].mi[0, 1] > 0.8 and found[1].mi[0, 1] < 0.05
    known = np.zeros((3, 3))
    known[2, :2] = 0.8
    (told,) = channel_matrices(net, [moved], Settings((BASE,), given=(COMMAND,)), known)
    assert told.mi[0, 1] == pytest.approx(found[1].mi[0, 1], abs=0.01)


def test_a_window_gives_all_pairs_few_streams(rng):
    command = rng.standard_normal(800)
    late = [np.roll(command, lag) for lag in range(1, 12)]
    samples = np.stack([command, *late, late[4] + 1e-3 * rng.standard_normal(800)], axis=1)
    names = tuple(f"base.{number}" for number in range(13))
    window = Window(names, samples, 0, 79_900_000_000, 10.0)
    delays = delays_within(window, 15)
    np.testing.assert_array_equal(delays[0], [*range(12), 5])
    streams = followed_streams(window, names[:1], delays)
    assert streams.shape == (800, 4)
    for column in (0, 5):  # as it is, and as two channels follow it
        assert (streams[20:] == samples[20:, [column]]).all(axis=0).any()
