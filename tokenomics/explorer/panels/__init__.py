"""The calculators of the book, one to a module: what each asks, and the function that answers.

The functions are compiled to JavaScript, so they use only what PScript knows. Each returns a headline, a few readouts
and a few charts, as plain lists and dictionaries.
"""
