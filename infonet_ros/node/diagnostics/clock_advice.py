"""Which clock the stamps of a topic follow, if it is not the clock of the node, and what to do."""

import math
from typing import NamedTuple

from infonet_ros.intake.windows.timeline import LEAP
from infonet_ros.node.inputs.topic_status import TopicStatus
from infonet_ros.text import NANOSECONDS

_FAR = LEAP / NANOSECONDS  # seconds, between two clocks that are not the same

SYSTEM_TIME = "the stamps are system time, not the time of /clock: set use_sim_time of their publisher to true"
OTHER_SIMULATION = (
    "the stamps are not of the time of /clock: use one source of /clock, and play recordings with their own time"
)
SYNCHRONISE = "synchronise the clocks"
NOT_NOW = (
    "with a simulator or a recording, set use_sim_time of this node to true, and publish /clock; otherwise "
    f"{SYNCHRONISE}"
)
UNSTAMPED = f"the messages have no stamp, and their times of arrival do not fit the stamps of other topics: {NOT_NOW}"


class StampFit(NamedTuple):
    """How the stamps of a topic fit the other topics and the clock of the node.

    ``offset`` is the time in seconds by which the last message that was set aside is ahead of the others. ``advice``
    comes from `clock_advice`, and ``leader`` is another topic whose stamps are in the future.
    """

    offset: float = math.nan
    advice: str = ""
    leader: str = ""


FITTING = StampFit()


def clock_advice(topic: TopicStatus, simulated: bool, patience: float, offset: float = math.nan) -> str:
    """Return why the stamps of a topic do not fit the clock of the node, and what to do; empty if they fit.

    The clock is ``simulated`` if it follows ``/clock``. Stamps may be ahead of their arrival by ``patience`` seconds.
    ``offset`` are the seconds by which the last message that was set aside is ahead of the other topics.
    """
    age = topic.age
    if simulated and abs(topic.system_age) < _FAR < abs(age):
        return SYSTEM_TIME
    if simulated and (age < -patience or age > _FAR):
        return OTHER_SIMULATION
    if age > _FAR:
        return NOT_NOW
    if age < -patience:
        return SYNCHRONISE
    return UNSTAMPED if math.isnan(age) and abs(offset) > _FAR else ""
