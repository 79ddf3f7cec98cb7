"""What a run leaves behind: its answers as they come, its result files, its manifest and its summary."""
