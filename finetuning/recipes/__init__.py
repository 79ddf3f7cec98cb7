"""What learns, how long and how fast: recipes as files, and the remedies that are fields of them."""
