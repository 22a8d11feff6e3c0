"""Gaussian systems of several variables, whose conditional mutual information follows from their covariances."""

import numpy as np
from scipy.linalg import solve_discrete_lyapunov

MOST_COMPONENTS = 8


class Mixture:
    """A mixture of Gaussians in P variables."""

    def __init__(self, rng: np.random.Generator, variables: int) -> None:
        count = int(rng.integers(1, MOST_COMPONENTS + 1))
        self.weights = rng.dirichlet(np.full(count, 2.0))
        self.means = rng.uniform(0.0, 3.0) * rng.standard_normal((count, variables))
        roots = rng.standard_normal((count, variables, variables + int(rng.integers(0, 3))))
        floor = 10.0 ** rng.uniform(-2.0, 0.0)
        self.covariances = roots @ roots.transpose(0, 2, 1) / variables + floor * np.eye(variables)

    def sample(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Draw (T, P)."""
        chosen = rng.choice(len(self.weights), size=count, p=self.weights)
        noise = rng.standard_normal((count, self.means.shape[1], 1))
        return self.means[chosen] + (np.linalg.cholesky(self.covariances)[chosen] @ noise)[..., 0]

    def information(self, points: np.ndarray) -> float:
        """Return the MI of the first two variables given the others, as the mean over points (T, P)."""
        rest = list(range(2, points.shape[1]))
        total = self._log_density(points, [0, *rest]) + self._log_density(points, [1, *rest])
        return float((self._log_density(points, [0, 1, *rest]) + self._log_density(points, rest) - total).mean())

    def _log_density(self, points: np.ndarray, chosen: list[int]) -> np.ndarray:
        roots = np.linalg.cholesky(self.covariances[:, chosen][:, :, chosen])
        offsets = (points[:, chosen] - self.means[:, None, chosen]).transpose(0, 2, 1)
        squares = np.square(np.linalg.solve(roots, offsets)).sum(axis=1)
        logs = np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1) + 0.5 * len(chosen) * np.log(2.0 * np.pi)
        return np.logaddexp.reduce(np.log(self.weights)[:, None] - logs[:, None] - 0.5 * squares, axis=0)


def autoregression(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Return x (T,), y (T,), the given streams (D, T) and the true value of one linear system of 2 to 4 streams."""
    size = int(rng.integers(2, 5))
    coupling = rng.standard_normal((size, size)) * (rng.random((size, size)) < 0.6)
    np.fill_diagonal(coupling, rng.uniform(-0.5, 2.0, size))
    coupling *= rng.uniform(0.2, 0.95) / max(np.abs(np.linalg.eigvals(coupling)).max(), 1e-3)
    noise = np.diag(np.exp(rng.uniform(-1.0, 1.0, size)))
    stationary = solve_discrete_lyapunov(coupling, noise)
    past = int(rng.integers(1, 4))
    states = np.empty((count + past, size))
    states[0] = np.linalg.cholesky(stationary) @ rng.standard_normal(size)
    shocks = rng.standard_normal((count + past, size)) * np.sqrt(np.diag(noise))
    for t in range(1, len(states)):
        states[t] = coupling @ states[t - 1] + shocks[t]
    # Each variable is a stream and a lag. If y's own past is given, the value is the transfer entropy.
    variables = [(0, int(rng.integers(0, 2))), (1, 0), *((1, k) for k in range(1, past + 1))]
    if size > 2 and rng.random() < 0.5:
        variables = [*variables[:2], *((k, int(rng.integers(0, 2))) for k in range(2, size))]
    powers = [np.linalg.matrix_power(coupling, k) @ stationary for k in range(past + 1)]
    covariance = np.empty((len(variables),) * 2)
    for row, (a, ago) in enumerate(variables):
        for column, (b, before) in enumerate(variables):
            covariance[row, column] = powers[before - ago][a, b] if before >= ago else powers[ago - before][b, a]
    values = np.stack([states[past - ago : past - ago + count, k] for k, ago in variables])
    rest = list(range(2, len(variables)))
    log_det = [np.linalg.slogdet(covariance[np.ix_(c, c)])[1] for c in ([0, *rest], [1, *rest], [0, 1, *rest], rest)]
    return values[0], values[1], values[2:], max(0.0, 0.5 * (log_det[0] + log_det[1] - log_det[2] - log_det[3]))
