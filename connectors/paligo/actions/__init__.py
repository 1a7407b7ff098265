"""Paligo's actions: one for each row of the table of operations, of which some are written by hand here."""

from connectors.authoring import Action
from connectors.paligo.actions.documents import update_document
from connectors.paligo.actions.images import upload_image
from connectors.paligo.actions.publishing import publish
from connectors.paligo.actions.search import search
from connectors.paligo.actions.translations import export_translation, import_translation
from connectors.paligo.operations import READS, WRITES
from connectors.paligo.writing import action_of

_BY_HAND = (export_translation, import_translation, publish, search, update_document, upload_image)
_FROM_THE_TABLE = (action_of(operation) for operation in (*WRITES, *READS) if not operation.by_hand)

ACTIONS: tuple[Action, ...] = tuple(sorted((*_BY_HAND, *_FROM_THE_TABLE), key=lambda each: each.name))
