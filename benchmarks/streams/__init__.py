"""Streams as robots have them: independent or driven by coupled noise, and pairs that share a known information.

`judging` tells how often infonet calls such pairs dependent.
"""
