"""pmsite: a static site generator for a postmortem archive."""

__version__ = "0.1.0"
