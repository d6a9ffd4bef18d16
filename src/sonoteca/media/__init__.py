"""Media turns a sound of the library into what can be played and seen: renditions, waveforms, clips."""
