"""Files to signals: probe, decode, identity, loudness, peaks, encode."""
