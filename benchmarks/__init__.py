"""Measurements of the estimator and of the node: a command in each file here, and what they share in the folders.

`streams` makes streams as robots have them, `truths` distributions of known MI, `peers` other estimators, and `live`
runs the real node.
"""
