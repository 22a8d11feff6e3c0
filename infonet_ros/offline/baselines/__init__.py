"""Baselines of recordings: `learning`, `checking`, and `comparing` of two groups.

`unbroken` reads a recording as one stretch of samples.
"""
