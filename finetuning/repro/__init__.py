"""Section 3 of the paper: minority collapse in a ResNet18, forgetting in a fine-tuned CLIP."""
