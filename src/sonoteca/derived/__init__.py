"""What is made from the catalogue, follows it, and can always be made again."""
