"""Log-likelihood of every label given image and prompt, in one forward pass an image."""
