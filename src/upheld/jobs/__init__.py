"""THE WORKER: does the effects that are due, again and again until they are done; survives being killed between any two steps."""
