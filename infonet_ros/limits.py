"""Limits that the estimator and its parameters share."""

MOST_GIVEN = 8
"""Streams beside which others are looked at: beside more, no sample of a window has neighbours left."""
