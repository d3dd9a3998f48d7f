"""The arithmetic of the platform: pure functions over numpy, scipy and the standard library."""
