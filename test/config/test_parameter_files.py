"""The parameter files agree with the table of settings."""

from pathlib import Path

import pytest
import yaml

from infonet_ros.intake.windows.window_stream import WindowStream
from infonet_ros.settings import Modality, Watch, load_settings, scalar_parameters

CONFIG = Path(__file__).parents[2] / "config"


def raw(name):
    return yaml.safe_load((CONFIG / name).read_text(encoding="utf-8"))["/**/infonet"]["ros__parameters"]


def test_the_commented_file_names_every_parameter_with_its_default():
    given = raw("infonet.yaml")
    defaults = {name: spec["default"] for name, spec in scalar_parameters().items()}
    assert {name: given[name] for name in defaults} == defaults
    assert set(given) - set(defaults) == {"modalities", "watches", "imu", "odom", "slip"}
    assert set(given["imu"]) == {"topic", "channels", "type"}
    assert set(given["slip"]) == {"pair", "expect", "threshold", "duration"}
    watch = load_settings(CONFIG / "infonet.yaml").watches[0]
    assert watch == Watch("slip", ("imu.angular_velocity.z", "odom.twist.twist.angular.z"))  # the defaults of a watch


def test_the_commented_file_marks_what_may_change_live():
    text = (CONFIG / "infonet.yaml").read_text(encoding="utf-8")
    comments, live = "", set()
    for line in text.splitlines():
        if line.strip().startswith("#"):
            comments += line
            continue
        name = line.strip().partition(":")[0]
        if "(live)" in comments and name in scalar_parameters():
            live.add(name)
        comments = ""
    assert live == {name for name, spec in scalar_parameters().items() if spec.get("live")}


@pytest.mark.parametrize("name", ["infonet.yaml", "husky.yaml", "guardian.yaml"])
def test_each_file_can_be_used(name):
    settings = load_settings(CONFIG / name)
    assert len(settings.modalities) >= 2
    WindowStream(settings)


def test_the_file_for_the_guardian_is_short():
    assert len((CONFIG / "guardian.yaml").read_text(encoding="utf-8").splitlines()) <= 30


def test_the_file_for_the_husky_looks_for_the_delay_of_the_odometry():
    settings = load_settings(CONFIG / "husky.yaml")
    assert settings.max_lag == 1.0
    names = settings.channel_names
    assert {"imu.angular_velocity.y", "odom.twist.twist.angular.z"} <= set(names)
    assert settings.modalities[0] == Modality("imu", "/imu/data", settings.modalities[0].channels)
