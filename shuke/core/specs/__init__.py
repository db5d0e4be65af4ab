"""What a person may fill in is said once: a Spec; forms, parsing, errors and reference pages come from it.

A field is `price_fen: Annotated[Fen, Ui(_("Price")), Field(ge=0)] = 1990`; `parse(OpeningSpec, request.POST)` gives an
OpeningSpec, or the Form with a sentence at every mistake.
"""

from shuke.core.specs.form import Form, FormField, form_for, parse
from shuke.core.specs.reference import reference
from shuke.core.specs.spec import Day, Days, Discount, Fen, Mismatch, Percent, Permille, Scaled, Spec, Ui

__all__ = [
    "Day",
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
