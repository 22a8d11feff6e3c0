"""A params file for a recording that has none: every numeric field that varies, grouped by topic, up to a limit."""

import fnmatch
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

import numpy as np
import yaml

from infonet_ros.errors import RecordingError
from infonet_ros.offline.message_fields import varies
from infonet_ros.offline.recording import Field, Recording, Span
from infonet_ros.streams.alignment import stream_period
from infonet_ros.streams.settings import Modality, Settings, scalar_parameters

LIMIT = 32
"""Channels that a proposal holds at most; 32 of them have 496 pairs."""

_SAMPLES_WANTED = 128  # in a window: twice the least that the estimator takes


@dataclass(frozen=True)
class Proposal:
    """Settings for a recording, and sentences about what they leave out."""

    settings: Settings
    notices: tuple[str, ...]


def propose(
    recording: Recording, settings: Settings, span: Span, topics: Sequence[str] = (), limit: int = LIMIT
) -> Proposal:
    """Propose modalities for a recording.

    Parameters
    ----------
    recording : Recording
        Open.
    settings : Settings
        Everything but the modalities; a ``rate`` of 0 is replaced by one that suits the window.
    span : Span
        Part of the recording to look at.
    topics : sequence of str
        Globs; none takes all topics.
    limit : int
        Channels at most.

    Raises
    ------
    RecordingError
        No topic matches, or no numeric field varies.
    """
    names = matching_topics(recording, topics)
    notices: list[str] = []
    candidates = _candidates(recording, names, notices)
    varying, rates = _varying(recording, candidates, span)
    if not any(varying.values()):
        raise RecordingError(
            f"no numeric field varies in {recording.label} (topics {', '.join(names) or 'none'}): there is nothing "
            "to compare; choose another part with --start and --duration, or other topics with --topics."
        )
    modalities, beyond = _fair_share(recording, varying, limit)
    if beyond:
        shown = ", ".join(beyond[:4]) + (", ..." if len(beyond) > 4 else "")
        notices.insert(
            0,
            f"{len(beyond)} channels beyond the limit of {limit} are left out ({shown}): choose with --topics, raise "
            "--max-channels, or edit the params file.",
        )
    rate = settings.rate or _suitable_rate([rates[m.topic] for m in modalities], settings.window)
    return Proposal(replace(settings, modalities=modalities, rate=rate), tuple(notices))


def matching_topics(recording: Recording, globs: Sequence[str]) -> list[str]:
    """Return the topics with messages that match any of the globs, in the order of the recording.

    Raises
    ------
    RecordingError
        A glob matches nothing.
    """
    there = [topic.name for topic in recording.topics.values() if topic.count]
    for glob in globs:
        if not fnmatch.filter(there, glob):
            raise RecordingError(
                f"no topic of {recording.label} matches {glob!r}: it has {', '.join(there) or 'none'}."
            )
    return [name for name in there if not globs or any(fnmatch.fnmatchcase(name, glob) for glob in globs)]


def params_document(settings: Settings, comment: str = "") -> str:
    """Write settings as a params file that the node and the command line accept.

    Every string is quoted: the YAML of ROS 2 reads a bare ``y`` or ``n``, names of fields, as true or false.
    """
    parameters: dict[str, Any] = {name: getattr(settings, name) for name in scalar_parameters()}
    parameters["modalities"] = [modality.name for modality in settings.modalities]
    for modality in settings.modalities:
        body: dict[str, Any] = {"topic": modality.topic, "channels": list(modality.channels)}
        if modality.type:
            body["type"] = modality.type
        parameters[modality.name] = body
    if settings.watches:
        parameters["watches"] = [watch.name for watch in settings.watches]
    for watch in settings.watches:
        parameters[watch.name] = {
            "pair": list(watch.pair),
            "expect": watch.expect,
            "threshold": watch.threshold,
            "duration": watch.duration,
        }
    document = yaml.dump(
        {"/**/infonet": {"ros__parameters": parameters}},
        Dumper=_Quoting,
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )
    return "".join(f"# {line}\n" for line in comment.splitlines()) + document


class _Quoting(yaml.SafeDumper):
    """Writes keys bare and every other string in quotes."""

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        node = super().represent_mapping(tag, mapping, flow_style)
        for key, _ in node.value:
            key.style = None
        return node


_Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def _candidates(recording: Recording, topics: Sequence[str], notices: list[str]) -> dict[str, list[Field]]:
    candidates = {}
    for topic in topics:
        try:
            fields, left_out = recording.fields(topic)
        except RecordingError as error:
            notices.append(f"{topic} is left out: {error}")
            continue
        notices += [f"{topic}: {sentence}." for sentence in left_out]
        if fields:
            candidates[topic] = fields
    return candidates


def _varying(
    recording: Recording, candidates: dict[str, list[Field]], span: Span
) -> tuple[dict[str, list[Field]], dict[str, float]]:
    """Keep the fields of each topic that vary in a glimpse of the recording; also give the rate of each topic."""
    probes = [
        Modality(f"m{number}", topic, tuple(field.path for field in fields))
        for number, (topic, fields) in enumerate(candidates.items())
    ]
    rows: dict[str, list[Sequence[float | None]]] = {probe.name: [] for probe in probes}
    stamps: dict[str, list[int]] = {probe.name: [] for probe in probes}
    for sample in recording.glimpse(probes, span.start, span.stop):
        rows[sample.modality].append(sample.values)
        stamps[sample.modality].append(sample.received)
    varying, rates = {}, {}
    for probe in probes:
        columns = list(zip(*rows[probe.name], strict=True)) or [()] * len(probe.channels)
        varying[probe.topic] = [
            field for field, column in zip(candidates[probe.topic], columns, strict=True) if varies(column)
        ]
        rates[probe.topic] = 1e9 / period if (period := stream_period(np.sort(stamps[probe.name]))) > 0 else math.nan
    return varying, rates


def _fair_share(
    recording: Recording, varying: dict[str, list[Field]], limit: int
) -> tuple[tuple[Modality, ...], list[str]]:
    """Give every topic its turn, the fields that matter most first, until the limit is reached."""
    turns = [
        [(topic, field) for field in sorted(fields, key=lambda field: field.rank)] for topic, fields in varying.items()
    ]
    ranked = [
        [turn for turn in turns_of_topic if turn[1].rank == rank] for rank in range(3) for turns_of_topic in turns
    ]
    queue = [
        turn
        for rank in range(3)
        for round_ in zip_longest(*ranked[rank * len(turns) : (rank + 1) * len(turns)])
        for turn in round_
        if turn is not None
    ]
    chosen, beyond = set(queue[:limit]), [f"{topic} {field.path}" for topic, field in queue[limit:]]
    modalities, taken = [], set(scalar_parameters()) | {"modalities", "watches", "use_sim_time", "qos_overrides"}
    for topic, fields in varying.items():
        paths = tuple(field.path for field in fields if (topic, field) in chosen)
        if paths:
            name = _modality_name(topic, taken)
            taken.add(name)
            modalities.append(Modality(name, topic, paths, _node_type(recording.topics[topic].type)))
    return tuple(modalities), beyond


def _node_type(type_name: str) -> str:
    return type_name if "/" in type_name else ""


def _modality_name(topic: str, taken: set[str]) -> str:
    base = re.sub(r"\W+", "_", topic, flags=re.ASCII).strip("_") or "topic"
    base = base if base.isidentifier() else f"topic_{base}"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name


def _suitable_rate(rates: Sequence[float], window: float) -> float:
    """Return the rate of the slowest topic that fills a window by itself; slower ones are interpolated.

    0, which takes the slowest of all, when none does.
    """
    enough = [rate for rate in rates if math.isfinite(rate) and rate * window >= _SAMPLES_WANTED]
    return float(f"{min(enough):.1e}") if enough else 0.0
