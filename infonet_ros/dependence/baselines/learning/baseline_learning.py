"""Learn a baseline from good samples."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from infonet_ros.dependence.baselines.baseline import Baseline
from infonet_ros.dependence.baselines.channel_baseline import ChannelBaseline
from infonet_ros.dependence.baselines.coverage import Coverage, longest_supported, new_values
from infonet_ros.dependence.baselines.forms import RANKED, channel_quantiles
from infonet_ros.dependence.baselines.learning.channel_learning import learn_channel
from infonet_ros.dependence.baselines.learning.lesson import Lesson
from infonet_ros.dependence.baselines.learning.pair_learning import LearntPair, learn_pair
from infonet_ros.dependence.matrix import LaggedPair
from infonet_ros.errors import RecordingError
from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.text import counted


def learn(
    net: InfoNet,
    lesson: Lesson,
    candidates: Sequence[LaggedPair],
    *,
    parameters: str,
    recordings: tuple[str, ...],
    most: int = 12,
) -> tuple[Baseline, list[str]]:
    """Learn a baseline of ``most`` pairs, and of more if a channel would otherwise be in no pair.

    Also return which pairs were left out, and why. Pairs that were left out for the same reason are one sentence.
    Raises RecordingError if no pair is strong and stable enough.
    """
    learnt, left_out = _learn_pairs(net, lesson, candidates, most)
    if not learnt:
        raise RecordingError(
            f"no pair of {', '.join(recordings)} is strong and stable enough for a baseline "
            f"({'; '.join(left_out) or 'no channel depends on another'}): give longer or more recordings, which show "
            "everything that the robot does without faults, or name pairs as watches in the parameter file."
        )
    columns = sorted({channel for one in learnt for channel in (one.candidate.a, one.candidate.b)})
    names = tuple(lesson.names[column] for column in columns)
    pieces = {form: [piece[:, columns] for piece in one.pieces] for form, one in lesson.forms.items()}
    baseline = Baseline(
        channels=_channels(lesson, columns),
        pairs=tuple(one.baseline(lesson.names) for one in learnt),
        views=tuple(replace(view.view, pair=number) for number, one in enumerate(learnt) for view in one.views),
        quantiles=np.stack([channel_quantiles(np.concatenate(pieces[form])) for form in RANKED]),
        tables=np.stack([view.table for one in learnt for view in one.views]),
        expectations=tuple(one.expectation for one in learnt),
        rate=lesson.rate,
        parameters=parameters,
        recordings=recordings,
        seconds=lesson.seconds,
        coverage=_coverage(lesson, learnt, names, recordings),
    )
    return baseline, left_out


def _channels(lesson: Lesson, columns: Sequence[int]) -> tuple[ChannelBaseline, ...]:
    """Describe the channels of the pairs, ``columns``, and after them all others that have samples."""
    known = np.isfinite(np.concatenate(lesson.pieces)).any(axis=0)
    alone = [column for column in range(len(lesson.names)) if known[column] and column not in columns]
    return (
        *(learn_channel(lesson, column, alone=False) for column in columns),
        *(learn_channel(lesson, column, alone=True) for column in alone),
    )


def _coverage(
    lesson: Lesson, learnt: Sequence[LearntPair], names: tuple[str, ...], recordings: tuple[str, ...]
) -> Coverage:
    """Say what the good recordings support with some pairs, which have channels of these names."""
    views = [view for one in learnt for view in one.views]
    if len(lesson.pieces) == len(recordings) > 1:
        parts = dict(zip(recordings, lesson.pieces, strict=True))
    else:
        parts = dict(zip(("the first half", "the second half"), map(np.concatenate, lesson.halves()), strict=True))
    columns = [lesson.names.index(name) for name in names]
    return Coverage(
        supported=longest_supported(np.concatenate([view.reached for view in views]) / len(views), lesson.seconds),
        new_values=new_values(names, {part: samples[:, columns] for part, samples in parts.items()}),
    )


def _learn_pairs(
    net: InfoNet, lesson: Lesson, candidates: Sequence[LaggedPair], most: int
) -> tuple[list[LearntPair], list[str]]:
    """Learn the first ``most`` candidates that can be, and those that bring in a channel that none of these has.

    Also return which were left out, and why.
    """
    learnt: list[LearntPair] = []
    left_out: dict[str, list[str]] = {}
    watched: set[int] = set()
    for candidate in candidates:
        own = {candidate.a, candidate.b}
        if len(learnt) >= most and own <= watched:
            continue
        tried = learn_pair(net, lesson, candidate)
        if isinstance(tried, str):
            left_out.setdefault(tried, []).append(f"{lesson.names[candidate.a]} and {lesson.names[candidate.b]}")
        else:
            learnt.append(tried)
            watched |= own
    return learnt, _reasons(left_out)


def _reasons(left_out: Mapping[str, Sequence[str]]) -> list[str]:
    """Write out why pairs were left out: {reason: pairs}."""
    texts = []
    for reason, pairs in left_out.items():
        more = f", and {counted(len(pairs) - 1, 'more pair')}" if len(pairs) > 1 else ""
        texts.append(f"{pairs[0]}{more}: {reason}")
    return texts
