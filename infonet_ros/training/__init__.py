"""Training of the networks on simulated dependences.

- `simulation`: dependences with known mutual information.
- Examples, which are `columns` of tensors: `examples` for pairs; `conditional_training` makes those for triples.
  `shards` keeps them in files.
- The network of pairs: `loop`, with `losses`, and `validation` (also calibration).
- The other networks: `conditional_training`, `readout_training`, `short_training`, all by `descent`.
- `configuration` holds the settings of a run; `commands` is `infonet train`.
"""
