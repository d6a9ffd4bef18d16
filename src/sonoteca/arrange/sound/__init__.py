"""From clips to samples: sources, layers, the mix, the file."""
