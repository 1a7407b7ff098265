"""What every page for people shares: the frame, its style and script, and the headers it is sent with."""
