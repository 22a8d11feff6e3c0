"""Dependence matrices, watches, changes, comparisons and baselines. Needs no rclpy.

- Matrices: `matrix`, `window_matrices` (from samples to matrices), `given_streams` (for conditional MI), `watches`
  (pairs that must keep a rule).
- `changes`: what changes within a recording.
- Two groups of recordings: `comparison`, by the tests of `group_tests`.
- `baselines`: learnt from good recordings, applied to new samples.
- For changes and baselines: `factors` between units.
"""
