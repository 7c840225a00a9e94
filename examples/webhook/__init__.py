"""A small receiver for merchants whose system is behind a webhook."""
