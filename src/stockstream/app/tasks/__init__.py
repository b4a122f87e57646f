"""What a page asks for and does not do itself: each task is a process that outlives the page."""

from stockstream.app.tasks.progress import Progress, read_progress
from stockstream.app.tasks.start import TASKS, Task, start

__all__ = ["TASKS", "Progress", "Task", "read_progress", "start"]
