"""From columns to channels: quaternions, and samples in the order of time."""
