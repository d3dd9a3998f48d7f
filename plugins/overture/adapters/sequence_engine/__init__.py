"""What runs in the sequence environment, and the files that it exchanges with this one."""
