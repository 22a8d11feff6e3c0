"""What happened to a pair that gave an alarm.

`pair_diagnosis` chooses among the `fault_hypotheses`, by `fits` to the table of the pair; `value_changes` are those of
one channel. `fault` is the result.
"""
