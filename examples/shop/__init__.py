"""A SMALL SHOP TO TRY UPHELD ON: real orders, made-up people, and a story that runs."""
