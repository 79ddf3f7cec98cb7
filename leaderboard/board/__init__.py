"""The board: what all entries say together, computed once and frozen; `leaderboard.page` shows it."""
