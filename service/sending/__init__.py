"""Messages to households, by e-mail and text message: an outbox in the database, and channels."""
