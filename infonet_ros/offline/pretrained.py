"""The network that settings name: the shipped one, or weights of one's own."""

from infonet_ros.estimator.infonet import InfoNet
from infonet_ros.estimator.network.weights import SHIPPED
from infonet_ros.settings import Settings


def network_of(settings: Settings) -> InfoNet:
    """Load the network of the settings onto their device."""
    return InfoNet.from_pretrained(settings.device, settings.weights or SHIPPED)
