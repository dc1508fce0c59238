"""What tills reach: bodies, answers, and the counter that carries them out."""
