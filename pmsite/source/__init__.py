"""READ: bytes to documents."""
