"""Advice: what could be done otherwise, what it would save, how sure that is, and what it rests on.

Every rule is a function of the gathered evidence; `rules.RULES` lists them, docs/explanation/advice.md explains them.
"""
