"""Chooses the candidates that become channels: with one clock, without duplicates, and equally from all topics."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence

from infonet_ros.intake.messages.paths import parse_channel
from infonet_ros.intake.proposing.candidates import Candidate
from infonet_ros.intake.proposing.kinds import Treatment
from infonet_ros.intake.proposing.same_numbers import may_be_same, same_numbers
from infonet_ros.intake.recording import Recording


def on_one_clock(recording: Recording, candidates: Sequence[Candidate], notices: list[str]) -> list[Candidate]:
    """Leave out the topics whose clocks do not match the others, with notices."""
    worth = Counter(candidate.topic for candidate in candidates if candidate.channel is not None)
    fitting, apart = recording.fitting({topic: count > 1 for topic, count in worth.items()})
    notices += apart
    return [candidate for candidate in candidates if candidate.topic in fitting or candidate.topic not in worth]


def find_doubles(candidates: Sequence[Candidate]) -> None:
    """Keep one of several fields with the same numbers: the one with the most samples."""
    there = sorted(
        (candidate for candidate in candidates if candidate.channel is not None),
        key=lambda c: (c.field.rank, -len(c.column.values)),
    )
    worth_asking = may_be_same([candidate.column for candidate in there])
    first: list[int] = []
    for place, candidate in enumerate(there):
        alike = (there[other] for other in first if worth_asking[place, other])
        candidate.same_as = next((c for c in alike if same_numbers(c.column, candidate.column)), None)
        if candidate.same_as is None:
            first.append(place)


def worth_comparing(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the fields that become channels; if they are fewer than two, also spare fields and duplicates."""
    there = [c for c in candidates if c.channel is not None]
    chosen = [c for c in there if c.kind.treatment is not Treatment.SPARE]
    if len(chosen) > 1 or len(there) > 1:
        return chosen if len(chosen) > 1 else there
    for candidate in candidates:
        candidate.same_as = None
    return [c for c in candidates if c.channel is not None]


def fair_share(candidates: Sequence[Candidate], limit: int) -> list[Candidate]:
    """Take fields from every topic in turn, the most important first, up to the limit; mark the others.

    The most important of a topic counts as much as that of any other: the elements of an array are all that some have.
    Of a topic, every structure has its turn: a vector, or another message inside the message.
    """
    best: dict[str, int] = {}
    for candidate in candidates:
        best[candidate.topic] = min(candidate.field.rank, best.get(candidate.topic, candidate.field.rank))
    by_structure = _in_turns(candidates, best, lambda c: (c.topic, parse_channel(c.field.path).structure))
    queue = _in_turns(by_structure, best, lambda c: c.topic)
    for candidate in queue[limit:]:
        candidate.beyond = True
    return [candidate for candidate in candidates if not candidate.beyond]


def _in_turns(
    candidates: Sequence[Candidate], best: Mapping[str, int], source: Callable[[Candidate], Hashable]
) -> list[Candidate]:
    """Sort fields by importance beside the ``best`` of their topics; of equal ones, every source has its turn."""
    counts: Counter[Hashable] = Counter()
    turns = []
    for candidate in candidates:
        rank = candidate.field.rank - best[candidate.topic]
        place = (rank, source(candidate))
        turns.append((rank, counts[place]))
        counts[place] += 1
    order = sorted(range(len(candidates)), key=turns.__getitem__)
    return [candidates[number] for number in order]
