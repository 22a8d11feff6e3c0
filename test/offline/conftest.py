import pytest

from infonet_ros.intake.bags import Bag
from infonet_ros.intake.recording import chosen_span
from infonet_ros.offline.analysis import analyse
from infonet_ros.settings import Modality, Settings


@pytest.fixture(scope="session")
def small_settings():
    modalities = (Modality("leg", "/leg", ("force", "torque[0]")), Modality("speed", "/speed", ("data",)))
    return Settings(modalities=modalities, window=10.0, hop=2.0)


@pytest.fixture(scope="session")
def small_analysis(small_bag, small_settings, net):
    with Bag([small_bag]) as bag:
        return analyse(bag, small_settings, chosen_span(bag, 0.0, None), net)
