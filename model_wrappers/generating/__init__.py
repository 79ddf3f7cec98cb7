"""From requests to answers: prompts, batches, greedy decoding with shared beginnings, stop strings."""
