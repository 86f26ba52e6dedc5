"""Text messages and ring calls to people's phones, over a modem of the site's own: they need no internet."""
