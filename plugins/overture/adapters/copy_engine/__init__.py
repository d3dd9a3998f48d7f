"""The copy engine: writes drafts in batches, in an environment of its own."""
