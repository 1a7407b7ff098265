"""Providers whose token requests no definition describes.

Most are data (`recipe.Recipe`, in `table.QUIRKS`); the odd ones are small functions, one file for each
provider or family. All else about these providers comes from their definitions, as for any other.
Sources: the reference runtime's executed cases, and the providers' own documentation.
"""
