"""The templates an owner starts from: each a complete plan with exactly the defaults of templates.md.

The definitions are one family a file, the gallery says what they are for and in which order, and `fitted` puts a merchant's own categories in the place
of the kinds of service that templates speak of.
"""

from tasks.plans.templates.cards import CARD_BALANCE_LOW
from tasks.plans.templates.fitting import fitted
from tasks.plans.templates.gallery import ENGLISH, TEMPLATE_INFO, TEMPLATES, TemplateInfo, template
from tasks.plans.templates.visits import SECOND_VISIT

__all__ = [
    "CARD_BALANCE_LOW",
    "ENGLISH",
    "SECOND_VISIT",
    "TEMPLATES",
    "TEMPLATE_INFO",
    "TemplateInfo",
    "fitted",
    "template",
]
