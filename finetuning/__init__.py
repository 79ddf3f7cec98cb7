"""How was it tuned?  Toy models, instruction records and training."""
