"""The lifecycle node: topics in, matrices out."""
