"""The real node in a process of its own, what is published to it, and what is checked of it. Needs ROS 2."""
