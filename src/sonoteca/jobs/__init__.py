"""Work that is asked for now and done later: kept in the catalogue, done once, told of while it goes."""
