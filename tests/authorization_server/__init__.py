"""A small authorization server over HTTP, and an API that accepts what it gave out and nothing else."""

from tests.authorization_server.definitions import definitions
from tests.authorization_server.server import AuthorizationServer

__all__ = ["AuthorizationServer", "definitions"]
