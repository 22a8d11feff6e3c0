"""A follower whose delay is not known, and two sensors of one motion of which one is the better."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.signal import butter, filtfilt, lfilter
from table_files import columns_written

from infonet_ros.intake.opener import open_recording
from infonet_ros.intake.recording import chosen_span
from infonet_ros.offline.analysis import analyse
from infonet_ros.offline.findings.directing import direct
from infonet_ros.offline.findings.findings_record import findings_record
from infonet_ros.offline.findings.sentences import findings, links
from infonet_ros.offline.pages.report import pairs
from infonet_ros.offline.workers import Workers
from infonet_ros.settings import Modality, Settings

RATE, COUNT = 20.0, 2400


@pytest.fixture(scope="module")
def directed(tmp_path_factory, net):
    rng = np.random.default_rng(1)  # with 0 the intervals of the two directions touch
    noise = rng.standard_normal((5, COUNT))
    command = lfilter([1.0], [1.0, -0.9], noise[0])
    command /= command.std()
    motion = filtfilt(*butter(2, 0.1), noise[1])
    motion /= motion.std()
    columns = {
        "speed": lfilter([0.5], [1.0, -0.5], command) + 0.1 * noise[2],
        "command": command,
        "fine": motion + 0.1 * noise[3],
        "coarse": motion + 0.5 * noise[4],
    }
    path = tmp_path_factory.mktemp("robot") / "drive.csv"
    columns_written(path, ",".join(["time", *columns]), np.arange(COUNT) / RATE, *columns.values(), form="%.6f")
    settings = Settings((Modality("drive", "table", tuple(columns)),), window=20.0, hop=10.0, rate=RATE)
    with open_recording([path]) as recording, Workers(net.device, 1) as workers:
        found = analyse(recording, settings, chosen_span(recording, 0.0, None), net)
        unknown = np.full_like(found.whole.delay_lower, np.nan)  # that of the speed is half a sample
        return direct(net, replace(found, whole=replace(found.whole, delay_lower=unknown)), workers)


def test_what_drives_leads_and_the_better_of_two_sensors_does_not(directed):
    assert directed.leaders == {(0, 1): 1}


def test_words_pictures_tables_and_json_say_the_same(directed):
    assert any("drive.command leads." in str(one) for one in findings(directed))
    assert {link.ends for link in links(directed)} == {(1, 0), (2, 3)}
    assert [link.directed for link in links(directed)] == [True, False]
    assert "B leads" in " ".join(cell.text for row in pairs(directed, directed.names).rows for cell in row.cells)
    leaders = {(pair["a"], pair["b"]): pair["leader"] for pair in findings_record(directed)["pairs"]}
    assert leaders["drive.speed", "drive.command"] == "drive.command" and leaders["drive.fine", "drive.coarse"] is None
