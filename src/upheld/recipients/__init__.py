"""WHO MAY RECEIVE: the register of recipients, how they were vetted, and the contracts that bind them."""
