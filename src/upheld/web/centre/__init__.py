"""The privacy centre: pages for customers, without an account but for their own information."""
