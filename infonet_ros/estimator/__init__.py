"""Estimates mutual information from samples: ranks, grids of pairs, the attention network. Needs no ROS."""
