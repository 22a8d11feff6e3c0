"""Chooses clock, window and hop for a recording, from its length, its rates and the memory of its streams.

timing = choose_timing(span.duration, {"/imu": 100.0, "/fix": 1.0}, memories=[0.4, 1.2])
timing.rate, timing.window, timing.hop, timing.reason
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infonet_ros.errors import RecordingError
from infonet_ros.settings import FASTEST_CLOCK, SHORTEST_HOP
from infonet_ros.text import counted, in_seconds

LEAST_SAMPLES = 64
"""Samples of a window that an estimate needs at least, as `InfoNet.MIN_SAMPLES` says."""

_SAMPLES_WANTED = 2 * LEAST_SAMPLES  # in a window
_MEMORIES_WANTED = 10.0  # in a window, of the stream with the median memory
_USUAL_WINDOW, _LONGEST_WINDOW = 20.0, 60.0  # seconds
_WINDOWS_WANTED = 3.0  # one after the other, so that a change shows
_LARGEST_SHARE = 0.75  # of a recording, for its only window
_HOPS_A_WINDOW, _FEWEST_HOPS_A_WINDOW = 5.0, 4.0
_MOST_HOPS = 200.0  # in a recording, while windows overlap
_FASTEST = "fastest topic"
_SPARE = 2.0  # samples before the first tick and after the last


@dataclass(frozen=True)
class Timing:
    """Rate of the clock (Hz; 0 if unknown), window and hop (seconds), and the reason in one sentence."""

    rate: float
    window: float
    hop: float
    reason: str


def choose_timing(
    duration: float,
    rates: Mapping[str, float],
    memories: Sequence[float] = (),
    *,
    swift: float = 0.0,
    rate: float = 0.0,
    window: float | None = None,
    hop: float | None = None,
    max_lag: float = 0.0,
    remedy: str = "",
) -> Timing:
    """Choose clock, window and hop for a duration, as far as the user has not given them; all in seconds and Hz.

    ``rates`` are those of the topics, ``memories`` those of the streams. A topic at the rate ``swift``, or faster, is
    preferred: it shows how the streams move. A window is at least twice as long as ``max_lag``. Raises RecordingError
    if the samples are too few for one window, or for the delays; the message says what is possible. One about too few
    samples ends in ``remedy``.
    """
    topic, clock, why = _clock(duration / _WINDOWS_WANTED if window is None else window, rates, swift)
    clock = rate or clock
    if not clock:
        return _without_clock(duration, window, hop)
    check_window(duration, clock, window, remedy)
    memory = sorted(memories)[len(memories) // 2] if memories else 0.0
    length = _window(duration, clock, memory, max_lag) if window is None else window
    step = _hop(duration, length, min(rates.values(), default=0.0)) if hop is None else hop
    reason = f"The clock has {_rounded(clock, 4):g} Hz"
    if not rate:
        reason += f", the rate of {topic}, the {why if clock * length >= _SAMPLES_WANTED else _FASTEST}"
    if window is None:
        reason += f"; windows of {length:g} s every {step:g} s hold {round(length * clock)} samples"
        if memory:
            times = counted(round(length / memory), "autocorrelation time")
            less = "less than one autocorrelation time"
            reason += f" and {less if length < memory else times} of the median stream ({float(f'{memory:.2g}'):g} s)"
        reason += f", in {in_seconds(_rounded(duration, 3))} of recording"
    return Timing(clock, length, step, f"{reason}.")


def _without_clock(duration: float, window: float | None, hop: float | None) -> Timing:
    """Return the timing if no rate is known: the clock is found later, from the samples."""
    length = window or min(_USUAL_WINDOW, duration / 2.0)
    step = hop or min(2.0, duration / 8.0)
    return Timing(0.0, length, step, "The clock has the rate of the slowest channel.")


def _window(duration: float, clock: float, memory: float, max_lag: float) -> float:
    """Return the length of a window: several memories, with enough samples, in a part of the recording."""
    usable = duration - _SPARE / clock
    if 2.0 * max_lag > usable:
        raise RecordingError(
            f"delays up to {in_seconds(max_lag)} need windows of {in_seconds(2.0 * max_lag)}, and {duration:.3g} s are "
            f"analysed: choose --max-lag {_rounded(_LARGEST_SHARE * usable / 2.0, 2):g}, or analyse a longer part."
        )
    wanted = min(max(_USUAL_WINDOW, _MEMORIES_WANTED * memory), _LONGEST_WINDOW, duration / _WINDOWS_WANTED)
    least = min(_SAMPLES_WANTED / clock, _LARGEST_SHARE * usable)
    length = max(_rounded(max(wanted, least, 2.0 * max_lag), 2), _up((LEAST_SAMPLES + 0.5) / clock))
    return max(length, SHORTEST_HOP)


def _hop(duration: float, window: float, slowest: float) -> float:
    """Return a hop for which at least one window lies where all streams have samples; windows end at its multiples."""
    left = max(duration - window - _SPARE / max(slowest, 4.0 / duration), 0.05 * duration)
    usual = min(max(window / _HOPS_A_WINDOW, duration / _MOST_HOPS), window / _FEWEST_HOPS_A_WINDOW)
    return max(_rounded(min(usual, left / 2.0), 1), SHORTEST_HOP)


def _clock(longest: float, rates: Mapping[str, float], swift: float) -> tuple[str, float, str]:
    """Return the topic whose rate the clock takes, that rate, and the reason; "", 0 and "" if no rate is known.

    It is the slowest topic that fills a window and reaches the rate ``swift``. If none reaches that rate, it is the
    slowest topic that fills a window; if none fills a window, the fastest topic.
    """
    known = {topic: one for topic, one in rates.items() if math.isfinite(one) and one > 0.0}
    if not known:
        return "", 0.0, ""
    window = min(_USUAL_WINDOW, longest)
    enough = {topic: one for topic, one in known.items() if one * window >= _SAMPLES_WANTED}
    able = {topic: one for topic, one in enough.items() if one >= swift} or enough
    topic = min(able, key=able.__getitem__) if able else max(known, key=known.__getitem__)
    why = "slowest topic that fills a window" if able else _FASTEST
    if able and known[topic] > min(enough.values()):
        why += ", and that is fast enough for the streams"
    return topic, min(FASTEST_CLOCK, known[topic]), why


def check_window(duration: float, clock: float, window: float | None = None, remedy: str = "") -> None:
    """Check that a window can have enough samples at a clock of so many Hz, and that the given window has.

    Raises RecordingError if not; the message has valid numbers, or the number of samples.
    """
    needed = _up((LEAST_SAMPLES + 0.5) / clock)
    least = needed + _SPARE / clock
    if duration < least:
        lasts, must = (in_seconds(float(f"{seconds:.3g}")) for seconds in (duration, least))
        raise RecordingError(
            f"{lasts} at {clock:g} Hz hold {counted(int(duration * clock), 'sample')}, and one window and "
            f"its ends need {math.ceil(least * clock)}, which take {must}: analyse a longer part, or topics "
            f"that are faster{remedy}."
        )
    if duration < SHORTEST_HOP:
        raise RecordingError(
            f"the recording lasts {duration:.3g} s, and the shortest window is {SHORTEST_HOP:g} s: analyse a longer "
            "part, or multiply all times by the same number, such as 1000, and divide the delays by it."
        )
    if window is not None and window * clock < LEAST_SAMPLES:
        raise RecordingError(
            f"a window of {window:g} s at {clock:g} Hz holds {counted(int(window * clock), 'sample')}, fewer than the "
            f"{LEAST_SAMPLES} that an estimate needs: choose --window {needed:g}, or leave it out{remedy}."
        )


def _rounded(number: float, digits: int) -> float:
    return float(f"{number:.{digits - 1}e}")


def _up(number: float) -> float:
    """Round up to two digits."""
    step = 10.0 ** (math.floor(math.log10(number)) - 1)
    return _rounded(math.ceil(number / step - 1e-9) * step, 2)
