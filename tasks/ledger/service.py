"""What the rest of the product asks of the ledger."""

from tasks.ledger.appointments import record_appointments
from tasks.ledger.cards import record_cards
from tasks.ledger.catalog import record_card_products, record_categories, record_products
from tasks.ledger.facts import check_facts, rebuild_facts
from tasks.ledger.happened import Happened, Recorded
from tasks.ledger.sales import record_sales
from tasks.ledger.touched import take_touched
from tasks.ledger.visits import record_visits

__all__ = [
    "Happened",
    "Recorded",
    "check_facts",
    "rebuild_facts",
    "record_appointments",
    "record_card_products",
    "record_cards",
    "record_categories",
    "record_products",
    "record_sales",
    "record_visits",
    "take_touched",
]
