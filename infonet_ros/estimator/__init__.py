"""Estimates mutual information from samples: ranks, grids of pairs, the attention network. Needs no ROS.

`infonet` has the public class `InfoNet`. It checks its arguments with `validation` and calls one of the `measures`.
`results` are what it returns; `dataframes` shows them as tables. `peak` finds a delay below one sample.

On the way from samples to numbers:

1. `samples`: what is known of streams before they are compared, such as ranks, and which samples count.
2. `measures`: which pairs are estimated, at which lags and with which surrogates, and what is made of the estimates.
3. `network`: from the ranks of a pair to the quantiles of its mutual information.
"""
