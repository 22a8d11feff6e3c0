"""Properties that are computed once, at first use: those of `functools`, without a lock.

Before Python 3.12 all objects of a class share the lock, so that threads that compute a property of different objects
wait for each other. Values here do not depend on who computes them.
"""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property
else:
    import functools
    from contextlib import nullcontext

    class cached_property(functools.cached_property):
        """As `functools.cached_property` of Python 3.12."""

        def __init__(self, func):
            super().__init__(func)
            self.lock = nullcontext()


__all__ = ["cached_property"]
