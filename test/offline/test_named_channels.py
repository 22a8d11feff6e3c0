"""Channels that a command line names as the recording does."""

import json

import numpy as np
import pytest
from table_files import columns_written
from typer.testing import CliRunner

from infonet_ros.cli import app
from infonet_ros.errors import ConfigurationError
from infonet_ros.intake.proposing.proposal import FieldVerdict, Proposal
from infonet_ros.offline.named_channels import named_channel, with_named
from infonet_ros.settings import Modality, Settings

PROPOSAL = Proposal(
    Settings(
        (
            Modality("imu", "/imu", ("x", "orientation|roll", "orientation|pitch", "level", "level|rate(0.4)")),
            Modality("odom", "/odom", ("x", "pose|yaw|rate", "position[left_wheel]|rate")),
        )
    ),
    fields=(FieldVerdict("/odom", "temperature", "constant", None, "constant"),),
)


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("imu.x", "imu.x"),
        ("imu.level", "imu.level"),
        ("level", "imu.level"),
        ("level|rate(0.4)", "imu.level|rate(0.4)"),
        ("orientation|roll", "imu.orientation|roll"),
        ("pose", "odom.pose|yaw|rate"),
        ("pose|yaw", "odom.pose|yaw|rate"),
        ("odom.pose", "odom.pose|yaw|rate"),
        ("position[left_wheel]", "odom.position[left_wheel]|rate"),
        ("/imu.x", "imu.x"),
        ("/odom.pose|yaw", "odom.pose|yaw|rate"),
    ],
)
def test_a_channel_has_the_name_of_its_field(name, channel):
    assert named_channel("--given", name, PROPOSAL) == channel


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x", r"the name of 2 channels: expected one of imu\.x, odom\.x"),
        ("imu.orientation", r"expected one of imu\.orientation\|roll, imu\.orientation\|pitch"),
        ("temperature", r"is 'temperature', which is left out \(constant\): expected one of the channels imu\.x"),
        ("/odom.temperature", r"which is left out \(constant\)"),
        ("imu.y", r"is 'imu\.y' \(did you mean 'imu\.x'\?\): expected one of the channels imu\.x"),
        ("levle", r"did you mean 'level'\?"),
        ("time", r"is 'time'"),
    ],
)
def test_other_names_are_refused_with_those_that_work(name, said):
    with pytest.raises(ConfigurationError, match=said):
        named_channel("--target", name, PROPOSAL)


def test_a_target_is_not_given():
    with pytest.raises(ConfigurationError, match=r"^--target is 'imu\.level', which is given, too,"):
        with_named(PROPOSAL, ["level"], "imu.level", dashes="--")


def test_a_position_by_its_name_is_taken_by_its_rate_and_this_is_said(tmp_path):
    rng, rate = np.random.default_rng(5), 20.0
    speed, noise = np.convolve(rng.standard_normal(1215), np.ones(16) / 4.0, "valid"), rng.standard_normal((2, 1200))
    columns = [np.arange(1200) / rate, speed + 0.1 * noise[0], np.cumsum(speed) / rate, speed + 0.5 * noise[1]]
    table = columns_written(tmp_path / "drive.csv", "time,wheel,place,gyro", *columns)
    arguments = ["csv", str(table), "--out", str(tmp_path / "out"), "--format", "csv", "--json", "--quiet"]
    named = ["--given", "place", "--given", "time", "--target", "wheel"]
    record = json.loads(CliRunner().invoke(app, [*arguments, *named], catch_exceptions=False).stdout)
    assert record["given"] == ["table.place|rate", "time"] and record["target"]["channel"] == "table.wheel"
    assert "--given place is table.place|rate: its rate is used." in record["notices"]
    shown = CliRunner().invoke(app, [*arguments[:-2], "--given", "gyro"], catch_exceptions=False).stdout
    assert "drive.csv: 3 channels given table.gyro, " in shown
