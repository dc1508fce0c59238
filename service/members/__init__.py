"""Households as people with rights: contact, consent, export, and erasing."""
