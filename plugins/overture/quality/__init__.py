"""Gates: what must hold at each hand-over, judged by Great Expectations."""
