"""Distributions whose mutual information is known, in closed form or by quadrature."""
