"""Pages for people: their look, their charts, and the templates that they are made of."""
