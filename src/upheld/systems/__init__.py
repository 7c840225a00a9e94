"""WHERE INFORMATION LIES: the data map of the merchant's own stores, and how each is read, searched and told to stop."""
