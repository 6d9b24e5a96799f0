"""What the merchant's books already know, as reading a file needs it: stores, catalogue, and who is to be created."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from backend.imports.mapping import Mapping
from backend.imports.reasons import CellRefused
from tasks.ledger.inputs import ProductIn
from tasks.people.inputs import CustomerIn, StaffIn
from tasks.people.states import AttributeKind


def spoken(name: str) -> str:
    """Return a name as two people would agree on it: case and runs of spaces do not matter."""
    return " ".join(name.split()).casefold()


@dataclass
class Catalogue:
    """Codes of the catalogue, and their names; a name that several entries have finds none of them."""

    codes: set[str] = field(default_factory=set)
    names: dict[str, str | None] = field(default_factory=dict)

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str]]) -> "Catalogue":
        """Make one of (code, name), entries in use first."""
        made = cls()
        for code, name in rows:
            made.add(code, name)
        return made

    def add(self, code: str, name: str) -> None:
        """Take an entry in."""
        self.codes.add(code)
        key = spoken(name)
        if key:
            self.names[key] = code if self.names.get(key, code) == code else None

    def find(self, text: str, how: str) -> str | None:
        """Return the code that a text names, None when nothing does; raises `CellRefused` when several do."""
        if how != "name" and text in self.codes:
            return text
        if how == "code":
            return None
        key = spoken(text)
        if key in self.names and self.names[key] is None:
            raise CellRefused("ambiguous-product")
        return self.names.get(key)


@dataclass
class Newcomers:
    """What a chunk names that the mapping says to create; each is named once per file."""

    customers: list[CustomerIn] = field(default_factory=list)
    staff: list[StaffIn] = field(default_factory=list)
    products: list[ProductIn] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.customers or self.staff or self.products)


@dataclass
class Books:
    """One import's view of the books: stores by code with their zones, the one store if there is one, the catalogue, declared fields."""

    mapping: Mapping
    zones: dict[str, str]
    only_store: str | None
    zone: str
    catalogue: Catalogue
    newcomers: Newcomers = field(default_factory=Newcomers)
    attributes: dict[str, AttributeKind] = field(default_factory=dict)
    _met: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._anonymous = frozenset(self.mapping.anonymous)
        self._ignored = frozenset(self.mapping.ignore_staff)

    def store(self, code: str) -> str:
        """Return the store a row is of; raises `CellRefused` when there is none of that code."""
        if not code and self.only_store is not None:
            return self.only_store
        if code not in self.zones:
            raise CellRefused("unknown-store")
        return code

    def zone_of(self, store: str) -> str:
        """Return the zone in which the file's wall times of a store are meant."""
        return self.mapping.timezone or self.zones.get(store, self.zone)

    def is_anonymous(self, customer: str) -> bool:
        """True for the codes under which the POS keeps people it does not know."""
        return customer in self._anonymous

    def customer(self, code: str) -> str | None:
        """Return whom a row is of, None for nobody known; raises `CellRefused` for an empty code not in `anonymous`."""
        if code in self._anonymous:
            return None
        if not code:
            raise CellRefused("missing")
        if self.mapping.create_customers and ("customer", code) not in self._met:
            self._met.add(("customer", code))
            self.newcomers.customers.append(CustomerIn(external_id=code))
        return code

    def staff(self, codes: Iterable[str]) -> tuple[str, ...]:
        """Return the staff of a row without pseudo-employees and repetitions."""
        kept = tuple(dict.fromkeys(code for code in codes if code and code not in self._ignored))
        if self.mapping.create_staff:
            for code in kept:
                if ("staff", code) not in self._met:
                    self._met.add(("staff", code))
                    self.newcomers.staff.append(StaffIn(external_id=code, name=code))
        return kept

    def product(self, text: str, how: str) -> str | None:
        """Return the code a cell names, None for an empty cell; what is unknown is created, left open or refused."""
        if not text:
            return None
        found = self.catalogue.find(text, how)
        if found is not None:
            return found
        if self.mapping.create_products is not None:
            self.newcomers.products.append(ProductIn(code=text, name=text, kind=self.mapping.create_products))
            self.catalogue.add(text, text)
            return text
        if self.mapping.unknown_products == "describe":
            return None
        raise CellRefused("unknown-product")

    def take_newcomers(self) -> Newcomers:
        """Hand over what was named since the last call."""
        taken, self.newcomers = self.newcomers, Newcomers()
        return taken
