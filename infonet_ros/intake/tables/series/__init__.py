"""Long tables, with a row for each value: each series becomes a sheet of its own."""
