"""Everything that was learned: small networks, and the files of weights with what they are and where they come from."""
