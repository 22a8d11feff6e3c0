"""Seeing the matrix: heat map, markers for rviz, terminal monitor."""
