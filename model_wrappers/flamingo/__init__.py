"""The Flamingo architecture as OpenFlamingo and Otter published it, on current transformers.

A frozen CLIP vision tower, a perceiver resampler that makes a fixed number of latents of each image, and a language
model (MPT or LLaMA) with gated cross-attention to them before every n-th decoder layer.

Source: Flamingo (arXiv 2204.14198, section 2 and figure 4); OpenFlamingo (arXiv 2308.01390); Otter (arXiv 2305.03726).
"""
