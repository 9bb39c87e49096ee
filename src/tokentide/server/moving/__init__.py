"""The move of a team from one engine to another while its server goes on."""
