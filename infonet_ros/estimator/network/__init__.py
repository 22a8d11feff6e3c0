"""From ranks of pairs to numbers: what the networks see, and how they run."""
