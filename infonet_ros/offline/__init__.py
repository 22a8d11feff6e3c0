"""Analyses recordings: tables, reports, baselines, comparisons. Needs no ROS."""
