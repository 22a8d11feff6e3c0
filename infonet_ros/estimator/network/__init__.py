"""The networks: their inputs, made from the ranks of pairs, and the code that runs them."""
