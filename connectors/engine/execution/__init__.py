"""Who runs what is due: threads of this process, or all workers on a PostgreSQL database."""

from connectors.engine.execution.protocol import Duty, Execution, Job, JobState, Task

__all__ = ["Duty", "Execution", "Job", "JobState", "Task"]
