"""One cell, or the name of one column: numbers, coordinates, dates, units of time."""
