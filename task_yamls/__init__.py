"""What is asked?  The task files, one folder for each harness; data only."""
