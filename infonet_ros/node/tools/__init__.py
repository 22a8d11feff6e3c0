"""Commands for a running ROS 2: `player` (`infonet play`), `monitor` with its `matrix_listener`, and `demo`."""
