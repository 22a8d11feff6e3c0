"""Storage files of bags, read as far as they are whole: mcap, sqlite3 and ROS 1."""
