"""All other files: binary logs and tables, arrays, and text of one program. Each reader returns Sheets."""
