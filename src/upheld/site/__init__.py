"""WHERE EVERYTHING IS WIRED: the settings of the two sites, their own small databases, and how they are served.

The centre (customers) and the console (staff) have settings, keys, cookies, host names, addresses and databases of their own: a session
of one is nothing to the other. Only this room knows both, and the home they serve.
"""
