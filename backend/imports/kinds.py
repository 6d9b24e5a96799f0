"""What a file of books can hold."""

from enum import StrEnum


class ImportKind(StrEnum):
    """One kind of book; one file holds one kind."""

    CUSTOMERS = "customers"
    """Who the customers are and how to reach them."""
    STAFF = "staff"
    """Who works in which store."""
    LEVELS = "levels"
    """Membership levels."""
    SOURCES = "sources"
    """Where customers come from."""
    ATTRIBUTES = "attributes"
    """Declared fields of customers and of the merchant's own events."""
    CATEGORIES = "categories"
    """Categories of the catalogue."""
    PRODUCTS = "products"
    """The catalogue: services and goods."""
    CARD_PRODUCTS = "card-products"
    """The kinds of cards that are sold."""
    CARDS = "cards"
    """Cards, and rows of their ledger."""
    SALES = "sales"
    """Receipt lines; lines of one receipt become one sale."""
    VISITS = "visits"
    """Visits of a POS that keeps no receipts."""
    APPOINTMENTS = "appointments"
    """Booked times, with what became of them."""
