"""Distributions whose mutual information is known, by a formula or an integral, and systems of known direction."""
