"""The account itself: its official limits and profile, asked of the vendor."""
