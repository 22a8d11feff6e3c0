"""Chooses channels, rate, window and hop for a recording if the user did not choose them."""
