"""The screens of the portal."""
