"""Tables of text and binary logs: columns of numbers, and the time that they were taken at."""
