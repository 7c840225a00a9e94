"""WHO IS WHO: normal forms of identifiers, match codes, and the people known by them."""
