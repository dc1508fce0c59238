"""Layouts, phrases, address forms and fonts: data that ships with the service."""
