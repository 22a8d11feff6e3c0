"""Training of the networks: simulated dependences with known mutual information, and the training loop."""
