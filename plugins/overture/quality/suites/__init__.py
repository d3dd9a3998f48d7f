"""One suite for each hand-over: a pure function from thresholds to expectations on measured quantities."""
