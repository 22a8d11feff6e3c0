"""Tables that hold several series: a row for each value, or a time before each group; each becomes a sheet."""
