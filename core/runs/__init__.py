"""What a person or a script asks for first: import these files, run the stages over them."""
