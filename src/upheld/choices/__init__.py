"""WHAT EACH PERSON CHOSE: append-only events, the standing they add up to, and the files they come in."""
