"""Figures beside the estimators that people use today, in one run on one machine: ``python -m benchmarks``."""
