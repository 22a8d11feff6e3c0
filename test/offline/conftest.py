import subprocess
import sys

import pytest
from recordings import CUSTOM, CUSTOM_DEFINITION, leg_and_speed, write_ros2
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from infonet_ros import InfoNet, cli
from infonet_ros.offline.analysis import analyse
from infonet_ros.offline.bags import Bag
from infonet_ros.offline.recording import chosen_span
from infonet_ros.streams.settings import Modality, Settings


@pytest.fixture(scope="session")
def net():
    return InfoNet.from_pretrained(device="cpu")


@pytest.fixture(scope="session")
def store():
    store = get_typestore(Stores.ROS2_JAZZY)
    store.register(get_types_from_msg(CUSTOM_DEFINITION, CUSTOM))
    return store


@pytest.fixture(scope="session")
def ros1_store():
    store = get_typestore(Stores.ROS1_NOETIC)
    store.register(get_types_from_msg(CUSTOM_DEFINITION, CUSTOM))
    return store


@pytest.fixture(scope="session")
def small_bag(tmp_path_factory, store):
    """A minute of /leg (custom type, 20 Hz) and /speed, in mcap."""
    return write_ros2(tmp_path_factory.mktemp("bags") / "small", store, leg_and_speed(store))


@pytest.fixture(scope="session")
def small_settings():
    modalities = (Modality("leg", "/leg", ("force", "torque[0]")), Modality("speed", "/speed", ("data",)))
    return Settings(modalities=modalities, window=10.0, hop=2.0)


@pytest.fixture(scope="session")
def small_analysis(small_bag, small_settings, net):
    with Bag([small_bag]) as bag:
        return analyse(bag, small_settings, chosen_span(bag, 0.0, None), net)


@pytest.fixture
def infonet(tmp_path, monkeypatch, capfd):
    """The command line, run in an empty folder and in this process, where torch is loaded already."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        command = ["infonet", *map(str, arguments)]
        monkeypatch.setattr(sys, "argv", command)
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return subprocess.CompletedProcess(command, ended.value.code, *capfd.readouterr())

    return run
