"""Small packages with exactly one defect each, for `lsart check` and `lsart explore`, and for who learns from them.

Beside each lies its twin, `fixed`: the same package without the defect; and a scenario in which the defect does not
strike, or hardly ever. `_manifest` says of each what is wrong and how it shows.
"""
