"""What Shuke promises, tried out."""
