"""The pages of `/console`: what people see of the service, in a browser."""
