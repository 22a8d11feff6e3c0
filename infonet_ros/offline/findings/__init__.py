"""The findings of an analysis.

`sentences` has them in words, `findings_record` for JSON. `pair_order` and `groups` decide what comes first and what is
one line, `told_delays` says a delay, `explaining` finds third channels, `directing` leaders.
"""
