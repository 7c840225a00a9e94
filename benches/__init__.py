"""FIGURES, MEASURED BESIDE PEERS. `python -m benches` runs every module here that has a `main()`, each in a process of its own."""
