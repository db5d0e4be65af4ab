"""What a person may fill in is said once: a Spec; forms, parsing, errors and reference pages come from it.

class OpeningSpec(Spec):
    name: Annotated[str, Ui(_("Name"), help=_("As buyers see it.")), Field(min_length=1, max_length=40)]
    price_fen: Annotated[Fen, Ui(_("Price"))] = 1990

filled = parse(OpeningSpec, request.POST)      # an OpeningSpec, or the Form with its errors
"""

from shuke.core.specs.form import Form, FormField, form_for, parse
from shuke.core.specs.reference import reference
from shuke.core.specs.spec import Days, Discount, Fen, Mismatch, Percent, Permille, Scaled, Spec, Ui

__all__ = [
    "Days",
    "Discount",
    "Fen",
    "Form",
    "FormField",
    "Mismatch",
    "Percent",
    "Permille",
    "Scaled",
    "Spec",
    "Ui",
    "form_for",
    "parse",
    "reference",
]
