import numpy as np
import pytest


@pytest.fixture
def correlated(rng):
    """Draw a Gaussian pair of a given MI, (T,) each."""

    def draw(information: float, count: int = 2000) -> tuple[np.ndarray, np.ndarray]:
        rho = np.sqrt(-np.expm1(-2.0 * information))
        x, noise = rng.standard_normal((2, count))
        return x, rho * x + np.sqrt(1.0 - rho**2) * noise

    return draw
