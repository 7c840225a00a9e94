"""FOREIGN ORACLES: a policy written out for Cedar and for Rego, and the same questions put to all three.

Their languages know two truths, ours three. So a fact is sent with its own word for *unknown*, and each condition is written twice:
*certain* (it holds whatever the unknown turns out to be) and *possible* (it could hold). A permit needs certainty, a forbid possibility.
"""
