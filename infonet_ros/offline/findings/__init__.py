"""The findings of an analysis.

`sentences` has them in words, `findings_record` for JSON. `pair_order` and `groups` decide what comes first and what is
one line, `alike` what is true of several parts. `told` says a group and a pair, `told_delays` a delay, `signs` which
channels move in opposite directions. `explaining` finds third channels, `directing` leaders.
"""
