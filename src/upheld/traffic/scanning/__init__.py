"""WHAT THE SITES REALLY DO: the merchant's pages in a real browser, before and after a visitor's choice, held to what is promised."""
