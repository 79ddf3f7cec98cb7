"""What an entry has to stand, each rule pure, with a good and a bad example in `tests/leaderboard/entry`."""
