"""Matrices out: `publishers` has those of each kind, which are a `matrix_publisher` or `markers`.

`messages` converts matrices. `sensor_frames` places the markers.
"""
