"""What came out?  Tables and figures; imports neither torch nor a harness."""
