"""Properties of streams before they are compared: ranks, holds, memory, drift, given streams."""
