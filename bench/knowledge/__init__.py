"""What a search for advice is measured with."""
