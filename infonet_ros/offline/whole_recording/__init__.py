"""Each pair over a whole recording.

- `whole_estimate` makes the result, which is in `whole_recording`.
- Samples: `stuck` and `rest` find those that are left out, `moves` are their changes, `wrong_clocks` finds
  wrong stamps.
- Pairs: `search_range` and `delays` on the clocks of `pair_clocks`, `conditional_pairs`, `p_values`, `kinship` (a speed
  and its position).
- The result: its `significance`, and `groups` of channels that move together.
"""
