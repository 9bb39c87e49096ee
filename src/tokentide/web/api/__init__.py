"""The JSON API, version 1: the reports of the command line, under the same names, in the same shapes."""
