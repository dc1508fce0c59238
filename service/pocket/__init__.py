"""The list in the pocket: pages for households, a sub-application with its own cookie."""
