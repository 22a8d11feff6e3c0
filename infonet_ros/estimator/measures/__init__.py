"""The measures of dependence: pairs, lags, vectors, conditional mutual information, transfer entropy, tests."""
