"""THE SAMPLE SHOP AS CUSTOMERS SEE IT: catalogue, cart, checkout, quote, registration, survey.

A program of the merchant's, not of Upheld's.
Its tables (`shop.db`) are a system of the data map. It knows of Upheld what any program may know: the addresses of the two sites, and a key
to the API, which it asks before it suggests anything.
"""
