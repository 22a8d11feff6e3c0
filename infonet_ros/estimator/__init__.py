"""Numbers in, information out: ranks, pair grids, the attention network. No ROS below here."""
