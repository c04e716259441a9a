"""How a live project is read and written: every file here stands for one thing that is asked."""
