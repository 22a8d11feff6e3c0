"""Training of the networks: simulated dependences with known mutual information, and the training loop.

The modules, by task:

- Dependences of two streams: `dependence` is their interface. `copulas`, `mixtures`, `regressions`, `patchworks`,
  `regions`, `tables` and `angles` are kinds of them. `drivers` are the random streams that they map.
- Dependences given other streams: `triples`, with `gaussian_systems`.
- Examples, which are `columns` of tensors: `examples` for pairs; `conditional_training` makes those for triples.
  `shards` keeps them in files.
- The network of pairs: `loop`, with `muon`, `losses`, and `validation` (also calibration).
- The other networks: `conditional_training`, `readout_training`, `short_training`, all by `descent`.
- `configuration` holds the settings of a run; `commands` is `infonet train`.
"""
