"""One training's parts: the base that learns, what learns in it, the loss, the steps, and what is kept."""
