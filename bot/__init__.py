"""The application: what happens to a message, who runs it, what people see."""
