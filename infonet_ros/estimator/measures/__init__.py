"""The measures of dependence: pairs, lags, vectors, conditional mutual information, transfer entropy, tests.

The modules, by task:

- Pairs: `plan` groups pairs at lags that have the same samples, for full chunks of the network.
  `pairwise` runs the plans of windows, and `best_over_lags` chooses the lag of each pair, with its p-value.
- Given streams: `conditional`, `transfer`, `explanations` (by a third channel), `selection` (of channels).
- Pairs without a p-value, and why: `untestable`.
- Vectors: `sliced`, and the test of `independence`.
- Each sample: `pointwise`. Gradients: `differentiable`.
- Without the network, for all lags at once: `contingency`, and `delay_spread` for the error of a delay. `gains` tells a
  filter from a delay.
"""
