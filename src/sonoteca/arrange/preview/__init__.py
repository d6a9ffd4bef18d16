"""Previews: two sounds as they would play together, before anybody uses them."""
