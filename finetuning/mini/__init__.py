"""A miniature of the paper: an encoder, a language model and a LLaVA of a few million weights, made from scratch."""
