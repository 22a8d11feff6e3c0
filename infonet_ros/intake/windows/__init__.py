"""From samples as they come to aligned windows: judged stamps, ring buffers, one clock."""
