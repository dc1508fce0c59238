"""What the shipped sample is made of: invented people and brands, readable words, deals."""
