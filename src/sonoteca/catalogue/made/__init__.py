"""What people make of their sounds: corrections, playlists, arrangements, weights, maps."""
