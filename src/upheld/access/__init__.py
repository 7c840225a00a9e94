"""WHICH PROGRAMS MAY ASK: keys of the merchant's own programs, each bound to purposes and to what it may do."""
