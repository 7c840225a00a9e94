"""WHAT WAS DONE: an append-only log that a stranger can check.

Every action writes one entry in its own transaction. Entries are leaves of a Merkle tree (RFC 6962), so one signed line of 32 bytes, a
*checkpoint*, fixes all of them: whoever kept one can prove later that nothing before it was changed, dropped, inserted or reordered.
Entries hold numbers, hashes, clause ids and words from closed vocabularies; nothing personal.
"""
