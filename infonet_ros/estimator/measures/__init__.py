"""What can be asked: pairs, lags, vectors, conditional mutual information, transfer entropy, tests."""
