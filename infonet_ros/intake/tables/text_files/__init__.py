"""Tables of text with a row on each line: from the bytes of a file to a Sheet."""
