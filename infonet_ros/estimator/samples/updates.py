"""Which streams are held, and at which samples they have a new value.

A held stream keeps each value until the next one: a slow sensor on a fast clock, set points, a driver that repeats the
last value. Its values may be seen in slight noise, behind a filter of first order, or joined by straight lines.
"""

from collections.abc import Iterator

import numpy as np

from infonet_ros.series import has_noise

LEAST_UPDATES = 48  # with fewer updates the network's interval is not valid; for samples the limit is `MIN_SAMPLES`
REPEATING = 0.25  # of the runs of a held stream, and of its values, last two samples or more
STUCK = 0.1  # of the samples repeat a value that never returns
MANY_LEVELS = 24  # a stream with at most so many repeated values is discrete, not held
PASSAGES = 0.9  # of single samples
FEW_RUNS = 3  # and as many values, or straight lines: an event, a ramp
GRID_UPDATES = 12  # changes that all keep to multiples of a number: by chance for 2 in 2048, for 3 in 177147
STEP = 6.0  # times the median change from sample to sample: by chance for 1 sample in 20,000
SLIGHT = 0.35  # of the median distance from the median: noise about steps
FINE = 2.0  # times the median change: levels that differ by less are one
MOVES, ALIKE = 64, 16  # of so many first moves, so many are the same share of the move before
EQUAL = 1e-4  # shares
ROUNDING = 2e-6  # of the range: numbers of 32 bits
ONE_SLOPE = 0.9  # of the straight samples have the same slope: a counter, whose corners are where it wraps or loses one
UNEVEN = 0.4  # mean square of the changes between steps, of that of the noise: noise without memory has 2


def updates(values: np.ndarray) -> np.ndarray | None:
    """Count the updates of a held stream (T,) up to each of its samples: (T,) int64; None for one that is not held.

    In a held stream many values last several samples, and few values return: forward-filled, duplicated, rounded and
    then filled, piecewise constant, frozen at times, or straight lines from update to update; or one of these is
    constant but for slight noise. A held stream behind a filter is one if it nears each value by the same share in each
    sample. A stream of any values that changes only at multiples of one number of samples is held, too. A stream of few
    levels that changes at any time is not held: the time in a level is part of its information. A value that is NaN,
    unknown, is not an update, and does not hide one.
    """
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < LEAST_UPDATES:
        return None
    new = next((new for new in _tried(values[known]) if new is not None), None)
    if new is None:
        return None
    found = np.zeros(len(values), dtype=np.int64)
    found[known[new]] = 1
    return np.cumsum(found)


def _tried(samples: np.ndarray) -> Iterator[np.ndarray | None]:
    """Yield the updates of a stream (T,) that each kind of held stream would have, (T,) bool; None if it is not one."""
    moves = np.diff(samples)
    # Lines come first: between rounded values they are level where two updates are equal.
    yield _bends(samples, moves)
    yield _changes(samples)
    yield _changes_before_a_filter(samples, moves)
    yield _changes_in_noise(samples, moves)


def changes(values: np.ndarray) -> np.ndarray | None:
    """Return where a stream (T,), NaN where unknown, takes another value; None if it seldom keeps one.

    A stream of few levels is not held, but its messages may come at the times of those of another stream.
    """
    known = np.flatnonzero(np.isfinite(values))
    samples = values[known]
    changing = samples[1:] != samples[:-1]
    if not 0 < np.count_nonzero(changing) <= (1.0 - REPEATING / 2.0) * len(known):
        return None
    found = np.zeros(len(values), dtype=bool)
    found[known[1:][changing]] = True
    return found


def _changes(samples: np.ndarray) -> np.ndarray | None:
    """Return where a stream (T,) that repeats its values takes a new one, (T,) bool; None if it is not held."""
    changing = samples[1:] != samples[:-1]
    if not 2 <= 1 + np.count_nonzero(changing) <= (1.0 - REPEATING / 2.0) * len(samples):
        return None
    starts = _without_passages(np.append(0, 1 + np.flatnonzero(changing)), samples)
    new = np.zeros(len(samples), dtype=bool)
    new[starts] = True
    levels, level = np.unique(samples[starts], return_inverse=True)
    step = int(np.gcd.reduce(np.diff(starts[1:])))  # where the first value began is not known
    if step > 1 and len(starts) > GRID_UPDATES:
        if len(levels) <= len(starts) / 2.0:  # a value may follow itself; one that never returns was lost instead
            new[starts[1] % step :: step] = True
        return new
    runs = np.diff(starts, append=len(samples))
    held = (
        len(levels) > min(len(starts) / 2.0, MANY_LEVELS)
        and (_often_repeated(runs, level) or _stuck(runs, level, samples))
        # Not a smooth stream that was rounded, unless that makes so few moves that nothing is known.
        and (len(starts) < LEAST_UPDATES or np.median(np.abs(np.diff(level))) > 1)
        and len(starts) > FEW_RUNS
    )
    return new if held else None


def _often_repeated(runs: np.ndarray, level: np.ndarray) -> bool:
    """Say whether many runs of given lengths (K,), and many of their levels (K,), last two samples or more.

    One value again and again, such as 0 or the end of a range, is not enough.
    """
    repeated = np.zeros(level.max() + 1, dtype=bool)
    repeated[level[runs > 1]] = True
    return bool(min((runs > 1).mean(), repeated.mean()) >= REPEATING)


def _stuck(runs: np.ndarray, level: np.ndarray, samples: np.ndarray) -> bool:
    """Say whether a stream often stops at values that never return: frozen between stretches of new values.

    An arm rests at places, too, but goes from one to the next smoothly. How long it rests is part of its information.
    """
    alone = np.bincount(level)[level] == 1
    lost = (runs - 1)[alone]
    return bool(lost.sum() >= STUCK * runs.sum() and np.count_nonzero(lost) > FEW_RUNS) and has_noise(samples)


def _without_passages(starts: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Remove single samples between two longer runs from the starts of runs (K,), if they are transitions.

    A held stream that was interpolated onto another clock has one such sample in each step. If only some single samples
    lie between their neighbours, they are values like others.
    """
    value, lasting = samples[starts], np.diff(starts, append=len(samples)) > 1
    alone = np.append(False, np.append(~lasting[1:-1] & lasting[:-2] & lasting[2:], False))
    before, after = np.roll(value, 1), np.roll(value, -1)
    passing = alone & ((value - before) * (after - value) > 0.0)
    return starts[~passing] if passing.sum() >= PASSAGES * alone.sum() else starts


def _changes_in_noise(samples: np.ndarray, moves: np.ndarray) -> np.ndarray | None:
    """Return the `_changes` of a stream (T,) of steps without its slight noise; None if it is not one."""
    moves = np.abs(moves)
    noise = np.median(moves)
    stepping = moves > STEP * noise
    if noise == 0.0 or 1 + np.count_nonzero(stepping) <= FEW_RUNS:
        return None
    starts = np.append(0, 1 + np.flatnonzero(stepping))
    lengths = np.diff(starts, append=len(samples))
    levels = np.repeat(np.add.reduceat(samples, starts) / lengths, lengths)
    about = np.square(samples - levels).mean()
    within = np.square(moves[~stepping]).mean()
    spread = np.median(np.abs(samples - np.median(samples)))
    slight = about <= (SLIGHT * spread) ** 2 and within >= UNEVEN * about  # a smooth stream moves less
    return _changes(np.round(levels / (FINE * noise))) if slight else None


def _changes_before_a_filter(samples: np.ndarray, moves: np.ndarray) -> np.ndarray | None:
    """Return the `_changes` of steps from which a low-pass filter of first order made a stream (T,); None if none did.

    Behind it, each move between two steps is the same share of the move before.
    """
    before, after = moves[:-1], moves[1:]
    first = np.flatnonzero(before[:MOVES] != 0.0)
    shares = np.sort(after[first] / before[first])
    if len(shares) <= ALIKE:
        return None
    apart = shares[ALIKE:] - shares[:-ALIKE]
    share = shares[apart.argmin() + ALIKE // 2]
    if apart.min() > EQUAL or not 0.0 < share < 1.0 - EQUAL:
        return None
    alike = np.abs(after - share * before) <= EQUAL * np.abs(before)  # of all moves: the share must be exact
    share = after[alike] @ before[alike] / (before[alike] @ before[alike])
    steps = (samples[1:] - share * samples[:-1]) / (1.0 - share)
    rounding = ROUNDING * np.ptp(samples) / (1.0 - share)
    # Equal steps differ by rounding, so each run has the value of its first one.
    starts = np.append(0, 1 + np.flatnonzero(np.abs(np.diff(steps)) > rounding))
    values = np.round(steps[starts] / rounding)
    lengths = np.diff(starts, append=len(steps))
    return _changes(np.repeat(np.append(values[0], values), np.append(1, lengths)))


def _bends(samples: np.ndarray, moves: np.ndarray) -> np.ndarray | None:
    """Return the corners of a stream of straight lines (T,), (T,) bool; None if it is not one."""
    second, moving = np.abs(np.diff(moves)), moves != 0.0
    straight = second <= 1e-9 * np.abs(samples).max()
    on_line = straight & moving[1:]
    if np.count_nonzero(on_line) < REPEATING * len(on_line) or 2 * np.count_nonzero(moving) <= len(moving):
        return None  # a foot in the air has no line, but 0
    slopes = moves[1:][on_line]
    if (np.abs(slopes - np.median(slopes)) <= 1e-9 * np.abs(samples).max()).mean() > ONE_SLOPE:
        return None
    bends = np.append(True, np.append(~straight, False))
    lasting = np.diff(np.flatnonzero(bends), append=len(samples)) > 1
    bends[1:] &= ~bends[:-1]  # an update between two samples bends the line at both
    return bends if lasting.mean() >= REPEATING and len(lasting) > FEW_RUNS else None
