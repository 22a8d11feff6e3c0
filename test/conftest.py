"""Property-based tests: the same examples each time; ``pytest --hypothesis-profile explore`` looks for new ones."""

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=60, database=None)
settings.register_profile("explore", deadline=None, max_examples=5000)
settings.load_profile("repeatable")
