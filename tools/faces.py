"""import-linter contract: a module is entered from another one only by its faces."""

from __future__ import annotations

from typing import cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.application import contract_utils
from importlinter.application.contract_utils import AlertLevel


class FacesContract(Contract):
    """Imports between modules of `container` end at a face.

    `faces` are file names every module may show, `more` faces of single modules as `module.file` (the base of its
    kinds), `open` modules without a private part, `ignore_imports` the stated exceptions.
    """

    type_name = "faces"

    container = fields.StringField()
    faces = fields.ListField(subfield=fields.StringField())
    more = fields.ListField(subfield=fields.StringField(), required=False)
    open = fields.ListField(subfield=fields.StringField(), required=False)
    ignore_imports = fields.SetField(subfield=fields.ImportExpressionField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002 - import-linter's signature
        """Find every import that goes past the faces."""
        removal = contract_utils.remove_ignored_imports_and_report(
            graph=graph,
            ignore_imports=self.ignore_imports,  # type: ignore[arg-type]  # the field's value, not the field
            unmatched_alerting=AlertLevel.NONE,
        )
        broken = [
            f"{importer} -> {imported} (l.{detail['line_number']})"
            for importer in sorted(graph.modules)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if not self._allowed(importer, imported)
            for detail in graph.get_import_details(importer=importer, imported=imported)
        ]
        return ContractCheck(
            kept=not broken,
            warnings=list(removal.warnings),
            ignored_import_count=removal.ignored_import_count,
            metadata={"broken": broken},
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name the imports that pass a face by."""
        for line in check.metadata["broken"]:
            output.print_error(f"- {line}", bold=False)

    def _allowed(self, importer: str, imported: str) -> bool:
        container, *inside = imported.split(".")
        if container != str(self.container) or len(inside) < 2:
            return True
        module, file = inside[:2]
        if importer.split(".")[1:2] == [module] or module in _words(self.open):
            return True
        return file in _words(self.faces) or f"{module}.{file}" in _words(self.more)


def _words(field: object) -> list[str]:
    """What a list field holds; nothing where it was left out."""
    return list(cast("list[str] | None", field) or ())
