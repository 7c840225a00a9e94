"""WHAT PEOPLE ASK FOR: taken in by any channel, in force at once, carried to every system, proven there, answered in time.

`actions` are all changes, `states` the one table of states and moves, `fulfilment` and `proving` the effects outside. A removal holds from
the moment it is received, even for somebody of whom no record is found; everything after that only makes the merchant's systems agree.
"""
