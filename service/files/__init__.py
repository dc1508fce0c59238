"""Files of products, households and baskets into the database."""
