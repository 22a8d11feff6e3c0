"""What is wrong, in words: `statuses` for /diagnostics, `alerts` when one begins or ends.

`clock_advice` finds the clock of stamps, `silence` measures what is overdue.
"""
