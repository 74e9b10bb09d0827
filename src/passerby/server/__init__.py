"""The HTTP server: sockets, time limits of clients, and child processes."""
