"""A preview lets two sounds be heard as they would play together, before anybody uses them."""
