"""Sample runs that ship with the product, and the scripts that make them."""
