"""Properties of streams before they are compared: ranks, holds, memory, drift, given streams.

The modules, by task:

- `channels` sorts the channels of a window, and finds the samples that count for each pair. `holding` decides this by
  the `updates` of held streams, and by repeated rows.
- `ranks` orders samples, equal ones at random.
- For p-values: `surrogates` draws shifts, `common_times` and `product_spread` correct for streams that move together,
  or find that they do so too seldom, `stationarity` finds those that drift, `periods` those that share a period.
  `effective_samples` are for intervals.
- For given streams: `conditioning` ranks samples among those with similar given values, by `ordered_fits` if one stream
  is given; `responses` filters given streams as others follow them.
"""
