"""The `${…}` language of definitions: `${name}`, `${function(argument)}`, `A || B`.

Values are inserted, never read as templates again (rule value-as-template in docs/compatibility.md).
"""

from connectors.runtime.template.moment import Moment
from connectors.runtime.template.rendering import Rendered, render, render_if_needed, render_s
from connectors.runtime.template.steps import step_number, without_credentials, without_steps
from connectors.runtime.template.syntax import functions, placeholders

__all__ = [
    "Moment",
    "Rendered",
    "functions",
    "placeholders",
    "render",
    "render_if_needed",
    "render_s",
    "step_number",
    "without_credentials",
    "without_steps",
]
