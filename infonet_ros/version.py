"""The version of the package, once: setup.py, the documentation and results read it here."""

VERSION = "0.2.0"
