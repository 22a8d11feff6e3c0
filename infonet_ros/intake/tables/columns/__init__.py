"""From columns to channels: unknown values, quaternions, states, and samples in the order of time."""
