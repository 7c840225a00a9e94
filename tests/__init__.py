"""Tests: they mirror `src/upheld`, one folder a room."""
