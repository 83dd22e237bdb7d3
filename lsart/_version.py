"""The version of lsart, and nothing else."""

__version__ = "0.1.0"
