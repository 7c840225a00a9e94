"""THE API FOR PROGRAMS: one bare process beside the sites, own keys, no cookies, no Django.

`messages` are the types of what is sent and answered: they read, check and describe the JSON. `routes` says which address does what, and
from both `description` is made (OpenAPI 3.1). `asking` answers decisions, many at once; `carrying_out` is everything that changes the
record; `edge` is the process. Personal values travel in bodies only, never in an address.
"""
