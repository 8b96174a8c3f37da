"""`perdure bench recall`: how well memory finds what was said."""
