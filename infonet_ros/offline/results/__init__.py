"""Files with results: their `formats`, `outputs` (their folder), `writers`, `matrix_bag`, `provenance`."""
