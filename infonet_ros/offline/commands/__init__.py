"""The commands: `recording_commands` (`infonet bag, csv`) with their `options`, `baseline_commands` (the others).

`analysis_command` is imported when `infonet bag` runs, and so is everything heavy.
"""
