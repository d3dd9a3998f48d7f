"""Long proofs of what the warehouse promises: real processes, real kills, real servers. `python -m prove` runs them."""
