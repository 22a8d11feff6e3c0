"""Analyses recordings: tables, reports, baselines, comparisons. Needs no ROS.

The modules, by task:

- Commands: `commands`, `options` and `analysis_command` (`infonet bag`, `infonet csv`), `baseline_commands` (`infonet
  learn, check, compare`), `progress`, and `outputs` (the folder of results). Scripts call `job.analyse_bag`.
- Windows of a recording: `recorded_windows`, `trace` (all samples), `unbroken` (without windows), `late_clocks`.
- The whole recording: `whole_estimate` calls `stuck` and `rest` (samples to leave out), `search_range` and `delays`,
  `kinship` (a speed and its position), `moves`, `p_values`, `conditional_pairs`, `pair_estimates`, `clock_drift`, and
  `workers` (threads). The result is a `whole_recording.WholeRecording`.
- Analysis: `analysis` joins the windows and the whole recording. `explaining` adds third channels, `directing` leaders.
- Words: `significance`, `groups`, `pair_order`, `told_delays` and `findings`; `findings_record` for JSON.
- Files: `writers`, `matrix_bag`, `provenance`, and the page: `report`, `report_sections`, `report_data`, `pages`.
- Baselines: `learning` and `learnt`, `checking` and `check_report`, `comparing`.
"""
