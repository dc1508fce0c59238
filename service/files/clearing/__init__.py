"""Files of clearing: what banks and payers send, and the documents that go out."""
