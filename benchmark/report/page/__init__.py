"""`leaderboard.html`: the tables as one page that sorts, filters, explains and compares."""
