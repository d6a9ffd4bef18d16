"""Files to signals: probe, decode, identity, loudness, waveform, encode."""
