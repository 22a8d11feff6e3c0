"""Limits that the estimator and its parameters share."""

MOST_GIVEN = 8
"""Most streams that a pair can be conditioned on: with more, a sample of a window has no close neighbours."""
