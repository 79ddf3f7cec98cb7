"""How runs differ on the same rows: what changed, by how much, and how sure that is."""
