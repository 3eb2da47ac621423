"""Side-by-side runs of pmsite and its fastest peer on the same generated archive."""
