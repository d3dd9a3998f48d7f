"""The copy training: tunes a language model on examples, in the copy environment."""
