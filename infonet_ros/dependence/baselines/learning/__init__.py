"""A baseline from good samples: `baseline_learning` calls the others.

`lesson` holds the samples, `channel_learning` learns one channel, `pair_learning` one pair, `stacking` makes its table.
"""
