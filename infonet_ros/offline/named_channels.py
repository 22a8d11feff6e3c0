"""The channel that a user means: by its full name, or by the name that the recording has for it."""

from collections.abc import Sequence
from dataclasses import replace

from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.messages.paths import is_rate
from infonet_ros.intake.proposing.proposal import Proposal
from infonet_ros.settings import TIME
from infonet_ros.text import did_you_mean, listed


def named_channel(option: str, name: str, proposal: Proposal, others: Sequence[str] = ()) -> str:
    """Return the full name of a channel of a proposal; ``others`` are names that the option takes as they are.

    The name is a full one such as ``table.heading|degrees|rate``, or the same without the modality, without the endings
    that a proposal chose, or without both: ``heading``. Or with the topic, as in Foxglove: ``/imu/data.heading``.
    Raises ConfigurationError if no channel has the name, or several have.
    """
    channels = proposal.settings.channel_names
    if name in (*others, *channels):
        return name
    paths, topics = proposal.settings.channel_paths, proposal.settings.channel_topics
    added = {
        full: whole.count("|") - name.count("|")
        for full, path, topic in zip(channels, paths, topics, strict=True)
        for whole in (full, path, f"{topic}.{path}")
        if whole == name or whole.startswith(f"{name}|")
    }
    found = [full for full, endings in added.items() if endings == min(added.values())]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigurationError(
            f"{option} is {name!r}, the name of {len(found)} channels: expected one of {listed(found)}."
        )
    known, fields = (*others, *channels), [path.partition("|")[0] for path in paths]
    left_out = [field for field in proposal.fields if field.channel is None]
    reasons = [field.reason for field in left_out if name in (field.path, f"{field.topic}.{field.path}")]
    why = f", which is left out ({reasons[0]})" if reasons else did_you_mean(name, (*known, *fields))
    raise ConfigurationError(f"{option} is {name!r}{why}: expected one of the channels {listed(known)}.")


def with_named(proposal: Proposal, given: Sequence[str], target: str, *, dashes: str = "") -> tuple[Proposal, str]:
    """Return a proposal with given channels, and the full name of a target or "".

    Both are named as for `named_channel`. ``dashes`` stand before the words "given" and "target" in what is said.
    """
    channels = tuple(named_channel(f"{dashes}given", name, proposal, (TIME,)) for name in given)
    full = named_channel(f"{dashes}target", target, proposal) if target else ""
    named = [
        *((f"{dashes}given", *pair) for pair in zip(given, channels, strict=True)),
        (f"{dashes}target", target, full),
    ]
    rates = [
        f"{option} {name} is {channel}: its rate is used."
        for option, name, channel in named
        if is_rate(channel) and not is_rate(name)
    ]
    settings = replace(proposal.settings, given=channels or proposal.settings.given)
    if full in settings.given:
        raise ConfigurationError(
            f"{dashes}target is {full!r}, which is given, too, so nothing can tell more about it: choose another "
            "target, or do not give it."
        )
    return replace(proposal, settings=settings, notices=(*proposal.notices, *rates)), full
