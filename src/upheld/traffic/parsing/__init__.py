"""From a log's bytes to numbers and names: the only place where an address, a cookie or a user agent exists, and only in memory."""
