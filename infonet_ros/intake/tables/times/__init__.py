"""The time of a sheet: its columns, their unit, and a stamp for each row."""
