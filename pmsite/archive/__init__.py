"""KNOW: incidents to an archive."""
