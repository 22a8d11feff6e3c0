"""Baselines: what good recordings are like, and alarms when samples no longer fit.

- Here is what a baseline holds: `baseline`, `channel_baseline` and `coverage`. `forms` and `expectation` describe a
  pair, `spikes` a channel. `page_rule` sets the heights at which evidence is an alarm.
- `learning` makes a baseline from good samples.
- `watching` applies it to new samples, live and offline.
- `diagnosis` says what happened to a pair that gave an alarm.
"""
