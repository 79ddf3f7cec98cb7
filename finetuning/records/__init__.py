"""What is learnt from: sets of labelled pictures, chosen, mixed, worded, and written for others."""
