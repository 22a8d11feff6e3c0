"""Tables of text and binary logs: columns of numbers, and the time of each row.

The rest of the package uses `tables.Tables`. The modules, in the order of reading:

- Bytes to sheets: `text_source` (decompression), `text_encoding`, `foreign_text` (text that is no table), `row_forms`
  (signs around rows and cells), `worded_rows` (words around numbers), `layout` (of `first_lines`, `line_cells`,
  `delimiters`, `header_rows`, `header_groups` and `column_names`), `repeated_headers`, `skipped_rows`, `text_table`,
  `text_columns`, `cells`, `coordinates` and `hemispheres` (text to numbers); `records` (JSON, YAML); `dataflash`
  (ArduPilot); `empatica`; `fit` (Garmin); `motion_capture` (BVH); `logs`, `apart`, `hdf5` and `arrays` (Parquet,
  Feather, ULog, MATLAB, HDF5, NumPy). All end in a `sheet.Sheet`.
- The time of a sheet: `times` (which columns), `time_units`, `described_rate` (in place of times), `dates`,
  `split_times`, `clock`, then `stamps`, `clock_turns` and `runs`.
- Sheets to topics: `several_times` (a time before each signal), `series_names`, `unnamed_series` and `long_tables` (a
  row for each value), `filled_in` (-9999), `quaternions`, `two_words`, `column_paths`, `streams` (columns to samples),
  `tables`.
"""
