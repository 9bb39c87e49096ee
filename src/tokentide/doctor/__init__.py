"""What is found where, what could not be read, and how we ourselves are: for the command line and the pages."""
