import importlib
import inspect
import re
from dataclasses import fields, is_dataclass

import pytest

PUBLIC = {
    "infonet_ros.dependence.baselines.baseline": ("Baseline", "PairBaseline", "View"),
    "infonet_ros.dependence.changes.matrix_changes": ("Change",),
    "infonet_ros.dependence.comparison": ("Difference",),
    "infonet_ros.dependence.baselines.watching.evidence": ("Alarm",),
    "infonet_ros.dependence.matrix": ("DependenceMatrix",),
    "infonet_ros.dependence.changes.relation_changes": ("RelationChange",),
    "infonet_ros.intake.proposing.proposal": ("FieldVerdict",),
    "infonet_ros.intake.topic_log": ("StampSummary", "TopicStatistics"),
    "infonet_ros.intake.windows.window": ("Window",),
    "infonet_ros.offline.analysis": ("Analysis", "Explanation", "InformativeChannels"),
    "infonet_ros.offline.baselines.checking": ("Check",),
    "infonet_ros.offline.whole_recording.wrong_clocks": ("ClockDrift",),
    "infonet_ros.offline.job": ("Results",),
    "infonet_ros.offline.whole_recording.kinship": ("Kinship",),
    "infonet_ros.offline.whole_recording.stuck": ("Stuck",),
    "infonet_ros.offline.whole_recording.whole_recording": ("WholeRecording",),
    "infonet_ros.settings": ("Modality", "Settings", "Watch"),
}
"""Classes that a script meets: what it passes, and what results hold."""


def public_classes():
    results = importlib.import_module("infonet_ros.estimator.results")
    own = [one for one in vars(results).values() if is_dataclass(one) and one.__module__ == results.__name__]
    return own + [getattr(importlib.import_module(module), name) for module, names in PUBLIC.items() for name in names]


@pytest.mark.parametrize("kind", public_classes(), ids=lambda kind: kind.__name__)
def test_help_tells_what_every_field_is(kind):
    attributes = inspect.getdoc(kind).partition("Attributes\n----------\n")[2]
    described = {
        name for names in re.findall(r"^([\w, ]+) : \S", attributes, re.MULTILINE) for name in names.split(", ")
    }
    assert described >= {one.name for one in fields(kind)}
