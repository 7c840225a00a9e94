"""WHAT VISITORS DO ON THE SITES: web logs turned into totals, and then forgotten. Nothing after the parser can hold an address."""
