"""Dependence matrices, watches, changes, comparisons and baselines. Needs no rclpy."""
