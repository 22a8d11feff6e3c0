"""Analyses recordings: tables, reports, baselines, comparisons. Needs no ROS.

- `commands`: `infonet bag, csv, learn, check, compare`. Scripts call `job.analyse_bag`.
- Samples of a recording: `recorded_windows`, and `trace` (all of them in one).
- `whole_recording`: each pair over the whole recording. `analysis` joins it with the windows.
- `findings`: an analysis in words and for JSON. `named_channels` are those that a user names.
- `results`: files; `pages`: HTML.
- `baselines`: learn, check, compare.
- `workers` (threads) and `progress` serve them all.
"""
