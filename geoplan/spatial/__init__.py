"""Where things stand to each other: coordinates, neighbours, streets and ways, heights."""
