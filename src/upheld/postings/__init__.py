"""WHICH POLICY WAS IN FORCE WHEN: documents posted at a time, kept whole, never overtaken."""
