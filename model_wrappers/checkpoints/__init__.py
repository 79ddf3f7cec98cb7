"""From files on disk to weights in a model: adapters, projectors, the LLaVA repository's layouts, conversion."""
