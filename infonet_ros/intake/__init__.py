"""Bytes and files in, windows out: types, channel paths, bags, tables, buffers, alignment. No rclpy, no torch."""
