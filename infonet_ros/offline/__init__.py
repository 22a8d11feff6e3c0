"""Recordings in, tables and reports out. Nothing here needs ROS."""
