"""What is true of several parts of a machine is one sentence."""

from dataclasses import dataclass, replace

import pytest
from analyses import said, with_pairs

from infonet_ros.offline.findings.alike import alike
from infonet_ros.offline.findings.sentences import findings, links
from infonet_ros.settings import Modality

MOTORS = tuple(Modality(f"motor{k}", f"/motor{k}", ("target", "speed")) for k in (1, 2, 3))


@dataclass(frozen=True)
class Said:
    """A statement that agrees with others of the same words."""

    names: tuple[str, ...]
    words: str = ""

    def agrees(self, other):
        return self.words == other.words

    def joined(self, names, others):
        return replace(self, names=names)

    def sentence(self, parts=()):
        return f"{' '.join(self.names)}: {', '.join(parts)}"


def _merged(*names):
    return [one.sentence for one in alike(Said(tuple(pair.split())) for pair in names)]


@pytest.mark.parametrize(
    ("names", "merged"),
    [
        (("m1_cmd m1_rpm", "m2_cmd m2_rpm", "m10_cmd m10_rpm"), ["m*_cmd m*_rpm: 1, 2, 10"]),
        (("v[elbow] p[elbow]|rate(0.2)", "v[wrist_2] p[wrist_2]|rate(0.4)"), ["v[*] p[*]|rate: elbow, wrist_2"]),
        (("top.gyro.x low.gyro.x", "top.gyro.z low.gyro.z"), ["top.gyro.* low.gyro.*: x, z"]),
        (("thrust rpm[0]", "thrust rpm[1]"), ["thrust rpm[*]: 0, 1"]),
        (("left.speed gyro", "right.speed gyro"), ["left.speed gyro: ", "right.speed gyro: "]),
        (("m1_cmd m2_rpm", "m2_cmd m1_rpm"), ["m1_cmd m2_rpm: ", "m2_cmd m1_rpm: "]),
        (("a.x b.x", "a.x b.y"), ["a.x b.x: ", "a.x b.y: "]),
        (("oven heater", "room light"), ["oven heater: ", "room light: "]),
    ],
)  # fmt: skip
def test_names_that_differ_in_one_part(names, merged):
    assert _merged(*names) == merged


def test_statements_that_say_something_else_stay_alone():
    found = alike([Said(("m1.v", "m1.i"), "fast"), Said(("m2.v", "m2.i"), "slow"), Said(("m3.v", "m3.i"), "fast")])
    assert [one.sentence for one in found] == ["m*.v m*.i: 1, 3", "m2.v m2.i: "]
    assert found[0].channels == ("m1.v", "m1.i", "m3.v", "m3.i")


def test_motors_that_follow_their_targets_are_one_line(small_analysis):
    lags = {(0, 1): 0.18, (2, 3): 0.20, (4, 5): 0.42}
    analysis = with_pairs(small_analysis, {(0, 1): 2.0, (2, 3): 1.9, (4, 5): 1.7}, lags, MOTORS)
    first, second, changes = findings(analysis)  # the interval of each delay is 0.05 s on each side
    assert first.sentence == (
        "motor*.target and motor*.speed share 1.90 to 2.00 nats (1.80 to 2.10), for * = 1, 2; "
        "motor*.speed follows by 0.19 s (0.13 to 0.25 s)."
    )
    assert first.channels == ("motor1.target", "motor1.speed", "motor2.target", "motor2.speed")
    assert first.patterns == ("motor*.target", "motor*.speed")
    assert second.channels == ("motor3.target", "motor3.speed")
    assert [(link.a, link.b) for link in links(analysis)] == [(0, 1), (2, 3), (4, 5)]
    assert said(analysis)[-1] == str(changes)
