"""Drawings of the matrix: heat map, graph, palette, terminal screen. No rclpy."""
