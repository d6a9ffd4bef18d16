"""The shared words: plain values and music arithmetic; no audio, no database."""
