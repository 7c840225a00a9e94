"""WHAT PEOPLE ASK FOR: requests, from the first word to the proof: states in one table, clocks, effects, answers."""
