"""A baseline from good samples: `baseline_learning` calls the others.

`lesson` holds the samples, `pair_learning` learns one pair, `stacking` makes its table.
`planted` puts faults into good samples.
"""
