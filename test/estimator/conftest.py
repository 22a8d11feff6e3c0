import numpy as np
import pytest

from infonet_ros import InfoNet


@pytest.fixture(scope="session")
def net() -> InfoNet:
    return InfoNet.from_pretrained(device="cpu")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


@pytest.fixture
def correlated(rng):
    """Draw a Gaussian pair of a given MI, (T,) each."""

    def draw(information: float, count: int = 2000) -> tuple[np.ndarray, np.ndarray]:
        rho = np.sqrt(-np.expm1(-2.0 * information))
        x, noise = rng.standard_normal((2, count))
        return x, rho * x + np.sqrt(1.0 - rho**2) * noise

    return draw
