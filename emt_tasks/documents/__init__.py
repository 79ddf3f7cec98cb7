"""What is told about runs, once, and the forms it is told in: terminal, Markdown, LaTeX, HTML, CSV.

Blocks hold text as it is; each form escapes all of it, so that no answer of a model becomes markup anywhere.
"""
