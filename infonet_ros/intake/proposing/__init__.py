"""What to analyse of a recording when nobody says: channels, rate, window and hop."""
