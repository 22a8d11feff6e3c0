"""Dependence matrices, watches, changes, comparisons and baselines. Needs no rclpy.

The modules, by task:

- Matrices: `matrix`, `window_matrices` (from samples to matrices), `given_streams` (for conditional MI),
  `message_fields`, `watches` (pairs that must keep a rule).
- Changes within a recording: `changes` of the MI; `relation_changes`, `relations`, `verdicts` and `steps` of a sign, an
  offset or a factor.
- Two groups of recordings: `comparison`, by the tests of `group_tests`.
- A baseline is learnt: `lesson` (good samples), `lagged_pair`, `pair_learning`, `stacking` (its tables),
  `channel_baseline`, `coverage`, all called by `learning`. `baseline` holds the result. `forms`, `quantiles` and
  `expectation` describe a pair in it, `spikes` a channel; `tails` estimates how rare higher values are.
- A baseline is applied: `evidence`, from `evidence_sums`, `page_rule` and `latest_rows`; `channel_watch` for single
  channels.
- An alarm is explained: `diagnosis` and `fault`, from `fault_hypotheses`, `fits`, `value_changes` and `factors`.
  Alarms of one cause become one sentence in `alarm_groups`.
"""
