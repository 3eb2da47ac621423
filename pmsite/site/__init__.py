"""SHOW: an archive to files."""
