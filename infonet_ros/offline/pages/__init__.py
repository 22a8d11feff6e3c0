"""HTML pages that work without a network: `report` of an analysis, `check_report` of a check.

`report_data` has the numbers for the charts of the report. `html` fills the templates.
"""
