"""The tests mirror the package; what several of them need stands in modules of its own here."""
