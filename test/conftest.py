"""Property-based tests: the same examples each time; ``pytest --hypothesis-profile explore`` looks for new ones."""

from hypothesis import HealthCheck, settings

BUSY = [HealthCheck.too_slow]  # says more of the machine than of the test

settings.register_profile(
    "repeatable", derandomize=True, deadline=None, max_examples=60, database=None, suppress_health_check=BUSY
)
settings.register_profile("explore", deadline=None, max_examples=5000, suppress_health_check=BUSY)
settings.load_profile("repeatable")
