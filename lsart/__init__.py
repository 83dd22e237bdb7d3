"""lsart: a Local Security Authority that anyone can run."""
