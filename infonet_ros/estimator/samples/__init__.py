"""What is known of streams before they are compared: ranks, holds, memory, drift, what is given."""
