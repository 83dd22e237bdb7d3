"""Packages with one defect each, of the kind that a test run hardly ever shows and `lsart explore` finds.

Beside each lies its twin, `fixed`: the same package without the defect.
"""
