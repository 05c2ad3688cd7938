"""Fields of forms that others wrote, in the site's own look."""

from __future__ import annotations

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def control(field: BoundField) -> SafeString:
    """The field's control; its label says what a placeholder would repeat."""
    kind = field.widget_type
    if kind in ("checkbox", "radioselect"):
        return field.as_widget()
    attributes: dict[str, str | bool] = {"class": "input", "placeholder": False}
    if field.name == "code":
        attributes |= {"autocapitalize": "characters", "spellcheck": "false"}
    return field.as_widget(attrs=attributes)
