"""From samples in the order of arrival to aligned windows: checked stamps, ring buffers, one clock."""
