"""The findings of an analysis.

`sentences` has them in words, `findings_record` for JSON. `pair_order` decides what comes first, `alike` what is true
of several parts. `told` says a group and a pair, `told_delays` a delay. `explaining` finds third channels, `directing`
leaders.
"""
