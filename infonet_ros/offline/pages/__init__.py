"""HTML pages that work without a network: `report` of an analysis, `check_report` of a check.

The report has `report_sections` (words and tables) and `report_data` (numbers for its charts). `html` fills the
templates.
"""
