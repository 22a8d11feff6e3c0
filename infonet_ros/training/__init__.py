"""How the weights are made: simulated dependences of known mutual information, and the training loop."""
