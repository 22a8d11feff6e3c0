"""What depends on what: the matrix with its names and measures, watches over it, and how it changes. No rclpy."""
