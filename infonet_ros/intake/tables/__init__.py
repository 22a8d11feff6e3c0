"""Tables of text and binary logs: columns of numbers, and the time of each row.

The rest of the package uses `tables.Tables`. The rooms from the ground up, and their modules in the order of reading:

- `cells`, one cell or name: `numbers`, `coordinates`, `date_forms`, `dates`, `fractions` (of a second, without leading
  zeros), `line_cells`, `time_units` and `names`.
- `sheet`: what every reader returns.
- `text_files`: `foreign_files` (files that are no tables), `text_source` (decompression), `text_encoding`, `row_forms`
  (signs and words around cells). `layout` is found by `delimiters`, `header_rows`, `column_names` and `described_rate`
  (in place of times). Then `repeated_headers`, `row_blocks`, `text_table`, `text_columns` (text to numbers) and
  `hemispheres`.
- `formats`: `records` (JSON, YAML), `dataflash` (ArduPilot), `decoded_can`, `empatica`, `named_cells` (a name
  before each value), `motion_capture` (BVH); `logs`, `apart`, `hdf5` and `arrays` (Parquet, Feather, ULog, MATLAB,
  HDF5, NumPy).
- `times`: `column_stamps` (one column as times), `calendars` (several columns as one time), `clock`, `clock_reading`
  and `clock_search` (which columns are the time), `units`, `stamps` and `runs`.
- `series`: `groups_in_time` (a time before each group of columns), `name_columns`, `series_names` and `long_tables`
  (a row for each value).
- `columns`: `fills` (-9999 for unknown), `quaternions` and `streams` (columns to samples).
- `table_files` (a file to sheets with their times), `table_streams` (a sheet to streams), `tables`.
"""
