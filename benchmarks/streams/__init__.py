"""Streams as robots have them: independent or driven by coupled noise, and pairs that share a known information."""
