"""SEALED VALUES: what a person gave is kept encrypted under a key of that person's own.

Sealing is open to `people` and `choices`; opening (`vault.opening`) is for the gate alone.
"""
