"""What the processes of tasks do; pages start them by :func:`stockstream.app.tasks.start`."""
