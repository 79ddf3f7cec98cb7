"""LENS's stages: tags and attributes, captions, and the prompt its language model reads."""
