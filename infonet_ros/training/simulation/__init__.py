"""Simulated dependences with known mutual information.

- Of two streams: `dependence` is the interface. `copulas`, `mixtures`, `regressions`, `patchworks`, `regions`, `tables`
  and `angles` are kinds of them. `drivers` are the random streams that they map.
- Of two streams given others: `triples`, with `gaussian_systems`.
"""
