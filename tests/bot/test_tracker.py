"""Who is a representative: whom the settings list, by the channel's word alone."""

from agent.settings import Channels, ChannelSettings
from bot.tracker import Step, is_representative, read
from store.model import Author, InboundKind, Role
from tests.bot.examples import SETTINGS
from tests.store.examples import wrote

LISTED = SETTINGS.model_copy(
    update={"channels": Channels(webchat=ChannelSettings(representatives=("U1", "S1")))},
)


def test_a_listed_group_counts_for_those_in_it() -> None:
    assert is_representative(Author(id="U2", groups=("S0", "S1")), "webchat", LISTED)
    assert is_representative(Author(id="U1"), "webchat", LISTED)
    assert not is_representative(Author(id="U2", groups=("S0",)), "webchat", LISTED)
    assert not is_representative(Author(id="U2", groups=("S1",)), "teams", LISTED)


def test_a_name_or_an_address_makes_nobody_a_representative() -> None:
    assert not is_representative(Author(id="U2", name="S1", email="U1"), "webchat", LISTED)


def test_what_somebody_of_a_listed_group_sends_is_a_representatives() -> None:
    pressed = wrote("", kind=InboundKind.ACTION, author=Author(id="U2", groups=("S1",)))
    assert (read(pressed, LISTED).role, read(pressed, LISTED).step) == (Role.REPRESENTATIVE, Step.ACTION)
    pressed = wrote("", kind=InboundKind.ACTION, author=Author(id="U2"))
    assert (read(pressed, LISTED).role, read(pressed, LISTED).step) == (Role.CUSTOMER, Step.REFUSE)
