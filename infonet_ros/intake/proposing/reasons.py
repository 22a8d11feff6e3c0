"""Sentences about the fields that a proposal leaves out, or uses by their rates."""

import re
from collections.abc import Iterator, Sequence

from infonet_ros.intake.proposing.candidates import Candidate
from infonet_ros.intake.proposing.kinds import ALSO_BY_LEVEL, ALSO_BY_RATE, KINDS, Treatment
from infonet_ros.text import are, counted, shorten

_LONGEST = 300  # characters of the names of what is beyond the limit
_PARENT = re.compile(r"(.+[.\[|])([^.\[|]+)")  # all but the last part of a path


def beyond_the_limit(candidates: Sequence[Candidate], limit: int) -> list[str]:
    """Name the channels that are left out because there are more than the limit; empty if there are none."""
    beyond = [candidate for candidate in candidates if candidate.beyond]
    if not beyond:
        return []
    names = shorten(_listed(beyond), _LONGEST)
    return [
        f"{counted(len(beyond), 'channel')} beyond the limit of {limit} {are(len(beyond))} left out ({names}): choose "
        "with --topics, raise --max-channels, or edit the parameter file."
    ]


def details_of(candidates: Sequence[Candidate], chosen: Sequence[Candidate]) -> list[str]:
    """Return sentences about fields that are left out, or used by their rates, because of their kind."""
    notes = []
    if doubles := [c for c in candidates if c.same_as is not None]:
        groups: dict[str, list[Candidate]] = {}
        for c in doubles:
            assert c.same_as is not None
            groups.setdefault(c.same_as.full_path, []).append(c)
        copies = "; ".join(f"{_listed(group)} as {first}" for first, group in groups.items())
        notes.append(f"Left out with the same numbers as another field, up to scale: {copies}.")
    for kind in KINDS:
        own = [c for c in candidates if c.kind is kind and not c.same_as and not c.beyond]
        if kind.treatment is Treatment.RATE and own:
            notes.append(f"{kind.words.capitalize()}, so used as rate of change: {_listed(own)}.")
        elif left_out := [c for c in own if c not in chosen]:
            notes.append(f"Left out as {kind.words}: {_listed(left_out)}.")
    for kind in (ALSO_BY_RATE, ALSO_BY_LEVEL):
        if own := [c for c in chosen if c.kind is kind]:
            notes.append(f"{kind.words.capitalize()}: {_listed(own)}.")
    return [*notes, *_spans(chosen)]


def _spans(candidates: Sequence[Candidate]) -> Iterator[str]:
    """Say over which times rates are taken of fields with noise, or that keep their values."""
    spans: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        if candidate.kind.treatment is Treatment.RATE and candidate.column.rate_span:
            spans.setdefault(candidate.column.span_digits, []).append(candidate)
    for span, own in spans.items():
        yield f"Rate of change over {span} s, because of noise or repeated values: {_listed(own)}."


def _listed(candidates: Sequence[Candidate]) -> str:
    """Name fields, those of one array or message together."""
    topics: dict[str, dict[str, list[str]]] = {}
    for candidate in candidates:
        path = candidate.field.path
        parent, leaf = parts.groups() if (parts := _PARENT.fullmatch(path)) else ("", path)
        topics.setdefault(candidate.topic, {}).setdefault(parent, []).append(leaf)
    return "; ".join(
        f"{topic} " + ", ".join(_together(parent, leaves) for parent, leaves in own.items())
        for topic, own in topics.items()
    )


def _together(parent: str, leaves: Sequence[str]) -> str:
    if parent.endswith("[") and len(leaves) > 1:
        return f"{parent[:-1]} ({counted(len(leaves), 'element')})"
    if not parent or len(leaves) == 1:
        return ", ".join(parent + leaf for leaf in leaves)
    return f"{parent}({', '.join(leaves)})"
