"""As proxy_requests, with a definition written in the case."""

from .proxy_requests import run

__all__ = ["run"]
