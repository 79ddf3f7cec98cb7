"""A LLaVA and sets small enough for minutes on a CPU, and the quickstart that shows the point with them."""
