"""From messages to windows: channel paths, ring buffers, alignment on one clock. No ROS below here."""
