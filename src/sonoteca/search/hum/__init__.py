"""Find a tune by humming, whistling, singing or tapping it."""
