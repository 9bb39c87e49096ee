"""The live view: a screen that follows the work as it happens."""
