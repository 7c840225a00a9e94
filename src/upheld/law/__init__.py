"""LAW PACKS: duties, clocks and their sources as data, each with a mark that says how well it was read."""
