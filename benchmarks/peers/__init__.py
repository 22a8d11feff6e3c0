"""What infonet is compared with: other estimators, and other ways to notice a broken pair."""
