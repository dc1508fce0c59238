"""What tills reach: bodies, answers, the counter that carries them out, and guesses counted."""
