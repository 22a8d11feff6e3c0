"""The public interface as a script of a user calls it. It is not run: mypy checks that the types fit."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from torch import Tensor
from typing_extensions import assert_type

from infonet_ros import (
    DependenceMatrix,
    HeatMap,
    InfoNet,
    InfonetError,
    Modality,
    Settings,
    Watch,
    analyse_bag,
    load_settings,
)
from infonet_ros.estimator.results import Estimate, LaggedEstimate, PairwiseEstimate, Selection, TransferEstimate


def one_pair(net: InfoNet, x: np.ndarray, y: np.ndarray) -> Iterator[float]:
    """Compare two streams."""
    found = assert_type(net.estimate(x, y, given=[0.0], surrogates=19), Estimate)
    if found.p_value is not None:
        yield assert_type(found.p_value, float)
    lagged = assert_type(net.lagged(x, y, range(-3, 4)), LaggedEstimate)
    yield assert_type(lagged.delay, float)
    yield assert_type(lagged.best_lag, int | None) or 0
    yield assert_type(net.sliced(x, y).mi, float)


def all_pairs(samples: np.ndarray) -> Iterator[PairwiseEstimate]:
    """Compare all columns."""
    net = InfoNet.from_pretrained(device="cpu")
    yield assert_type(net.pairwise(samples, lags=range(4)), PairwiseEstimate)
    yield from net.pairwise_windows([samples], lags=[0, 1])
    yield net.pairwise_sliced(samples, groups={"imu": [0, 1], "wheels": ["left", "right"]})
    assert_type(net.pointwise(samples[:, 0], samples[:, 1]), np.ndarray)
    assert_type(net.transfer(samples), TransferEstimate)
    assert_type(net.select(samples, target="speed"), Selection)


def gradient(net: InfoNet, x: Tensor) -> Tensor:
    """Differentiate."""
    return assert_type(net(x, x), Tensor)


def recording(path: str) -> Iterator[DependenceMatrix]:
    """Analyse a recording."""
    try:
        settings = assert_type(load_settings("params.yaml"), Settings)
        results = analyse_bag([path, Path(path)], out="out", settings=settings, formats=["csv", "html"])
    except InfonetError as error:
        raise SystemExit(str(error)) from error
    assert_type(results.findings, tuple[str, ...])
    modality = Modality("imu", topic="/imu", channels=("angular_velocity.z", "orientation|yaw"))
    settings = Settings(
        modalities=(modality,), watches=(Watch("slip", pair=("imu.angular_velocity.z", "imu.orientation|yaw")),)
    )
    assert analyse_bag(path, settings=settings, start=1.0, duration=60.0).files == ()
    for matrix in results.analysis.matrices:
        HeatMap(adjusted=True).save(matrix, "matrix.png")
        yield matrix
