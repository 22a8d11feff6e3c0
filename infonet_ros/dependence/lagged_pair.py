"""Two channels that are compared at a delay."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LaggedPair:
    """Numbers of two channels, and the samples by which ``b`` follows ``a``."""

    a: int
    b: int
    lag: int
