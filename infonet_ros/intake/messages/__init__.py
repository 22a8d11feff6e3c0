"""Serialised messages: their types, the paths of channels in them, and the decoder that reads both."""
