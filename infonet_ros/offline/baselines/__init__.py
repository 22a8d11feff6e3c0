"""Baselines of recordings: `learning` and its result `learnt`, `checking`, and `comparing` of two groups.

`unbroken` reads a recording as one stretch of samples.
"""
