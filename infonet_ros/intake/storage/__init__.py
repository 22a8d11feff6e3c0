"""Storage files of bags: mcap, sqlite3 and ROS 1. Of damaged files, the undamaged part is read."""
