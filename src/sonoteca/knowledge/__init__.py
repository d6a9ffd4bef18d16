"""Knowledge holds advice about working with sound: entries with numbers and sources, and what each asks of a sound."""
