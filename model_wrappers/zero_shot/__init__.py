"""Encoders as classifiers: sources of open_clip models, templates, class features."""
