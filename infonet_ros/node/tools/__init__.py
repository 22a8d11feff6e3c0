"""Commands for a running ROS 2: `commands`, run by `player`, `monitor` with its `matrix_listener`, and `demo`."""
