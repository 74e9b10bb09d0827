"""The templates of the report, everything escaped."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(template: str, **context: object) -> str:
    """Render one of `templates/`."""
    return _environment().get_template(template).render(context)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["number"] = _number
    return environment


def _number(value: float) -> str:
    """Write a coordinate with six digits."""
    return f"{value:.6g}"
