"""The one-minute tour: people of the story write, the real bot answers, captions say what to look at."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from functools import partial

from sandbox.client import SandboxClient
from sandbox.telegram.errors import Json
from sandbox.tour_story import ENGLISH, STORIES, Captions, Story
from sandbox.world import OPERATORS_CHAT_ID

PATIENCE_S = 30.0
LETTERS_A_SECOND = 22
"""How fast a caption can be read while there is something to watch."""
QUOTED = 24
"""So many first characters recognise a message inside of another."""


@dataclass(frozen=True, slots=True)
class TourStep:
    """A caption: the page shows it and turns to ``chat_id``."""

    step: int
    of: int
    title: str
    text: str
    chat_id: int | None = None
    done: bool = False


Announce = Callable[[TourStep], Awaitable[None]]


async def run_tour(
    language: str, client: SandboxClient, announce: Announce | None = None, *, pace: float = 1.0
) -> None:
    """Play the story to its end, or until the bot does not react, which the last step then says.

    ``announce`` tells the sandbox's page unless given; ``pace`` stretches the pauses for reading (0: none).
    """
    story = STORIES.get(language, ENGLISH)
    await Tour(client, story, announce or _to_page(client), pace).play()


def _to_page(client: SandboxClient) -> Announce:
    async def announce(step: TourStep) -> None:
        await client.tour_step(step.step, step.of, step.title, step.text, chat_id=step.chat_id, done=step.done)

    return announce


class Tour:
    """One performance."""

    def __init__(
        self, client: SandboxClient, story: Story, announce: Announce, pace: float, *, patience_s: float = PATIENCE_S
    ) -> None:
        self._client = client
        self._story = story
        self._announce = announce
        self._pace = pace
        self._patience_s = patience_s
        self._step = 0

    async def play(self) -> None:
        """All scenes in order."""
        scenes = (self._question, self._order, self._invented_discount, self._escalation)
        try:
            await self._give_back_to_bot()
            for number, scene in enumerate(scenes, start=1):
                self._step = number
                await scene()
        except TimeoutError:
            title, text = self._story.silent
            await self._tell(title, text.format(seconds=round(self._patience_s)), done=True)
        else:
            await self._tell(*self._story.finished, chat_id=self._story.customer, done=True)

    async def _question(self) -> None:
        story = self._story
        await self._before(story.answered, story.customer)
        asked = await self._client.say(story.customer, story.question)
        await self._reply(story.customer, asked)
        await self._after(story.answered, story.customer, as_told=await self._outcome(asked) in {None, "answered"})

    async def _order(self) -> None:
        story = self._story
        await self._before(story.order, story.customer)
        asked = await self._client.say(story.customer, story.order_question)
        await self._reply(story.customer, asked)
        await self._read(story.order_question)
        named = await self._client.say(story.customer, story.order_number)
        await self._reply(story.customer, named)
        await self._read(story.order_number)
        proved = await self._client.share_contact(story.customer)
        shown = await self._reply(story.customer, proved)
        await self._after(story.order, story.customer, as_told=story.order_number in shown.get("text", ""))

    async def _invented_discount(self) -> None:
        story = self._story
        await self._before(story.discount, story.claimant)
        asked = await self._client.say(story.claimant, story.invented_discount)
        await self._reply(story.claimant, asked)
        if await self._outcome(asked) not in {None, "escalated"}:
            await self._after(story.discount, story.claimant, as_told=False)
            return
        card = await self._card(story.invented_discount)
        await self._after(story.discount, OPERATORS_CHAT_ID)
        await self._write_in_topic(card, story.refusal, story.claimant)

    async def _escalation(self) -> None:
        story = self._story
        await self._before(story.escalation, story.customer)
        asked = await self._client.say(story.customer, story.refund_demand)
        await self._reply(story.customer, asked)
        if await self._outcome(asked) not in {None, "escalated"}:
            await self._after(story.escalation, story.customer, as_told=False)
            return
        card = await self._card(story.refund_demand)
        await self._after(story.escalation, OPERATORS_CHAT_ID)
        await self._tell(story.escalation.title, story.operator_at_work, chat_id=OPERATORS_CHAT_ID)
        await self._write_in_topic(card, story.edited_answer, story.customer)

    async def _write_in_topic(self, card: Json, text: str, customer: int) -> None:
        """The operator's words reach the customer; then the conversation is closed."""
        thread_id = card["message_thread_id"]
        await self._client.in_topic(self._story.operator, OPERATORS_CHAT_ID, thread_id, text)
        received = await self._client.wait_for_message(customer, containing=text[:QUOTED], timeout_s=self._patience_s)
        await self._read(text)
        await self._client.in_topic(self._story.operator, OPERATORS_CHAT_ID, thread_id, "/close")
        await self._reply(customer, received)

    async def _give_back_to_bot(self) -> None:
        """End what an earlier tour or a visitor left open: while a person has a customer, the bot keeps silent."""
        ours = (self._story.customer, self._story.claimant)
        people = {
            user["first_name"]: user["id"] for user in (await self._client.state())["users"] if user["id"] in ours
        }
        for topic in await self._client.topics(OPERATORS_CHAT_ID):
            customer = next((user_id for name, user_id in people.items() if name in topic["name"]), None)
            if customer is not None and not topic["closed"]:
                await self._client.in_topic(self._story.operator, OPERATORS_CHAT_ID, topic["thread_id"], "/bot")
                # The customer hears of it, or the operator that there was nothing to give back.
                await self._client.wait_for(
                    partial(_is_bots, (customer, OPERATORS_CHAT_ID)), timeout_s=self._patience_s
                )

    async def _reply(self, chat_id: int, after: Json) -> Json:
        return await self._client.wait_for_message(chat_id, after=after, timeout_s=self._patience_s)

    async def _card(self, question: str) -> Json:
        return await self._client.wait_for_message(
            OPERATORS_CHAT_ID, containing=question[:QUOTED], timeout_s=self._patience_s
        )

    async def _outcome(self, asked: Json) -> str | None:
        """What the bot says it did; None where it says nothing."""
        decision = await self._client.decision(asked)
        return decision.get("outcome") if decision else None

    async def _before(self, captions: Captions, chat_id: int) -> None:
        await self._tell(captions.title, captions.before, chat_id=chat_id)

    async def _after(self, captions: Captions, chat_id: int, *, as_told: bool = True) -> None:
        await self._tell(captions.title, captions.after if as_told else captions.otherwise, chat_id=chat_id)
        if not as_told:
            await self._give_back_to_bot()

    async def _tell(self, title: str, text: str, *, chat_id: int | None = None, done: bool = False) -> None:
        await self._announce(TourStep(self._step, 4, title, text, chat_id, done))
        if not done:
            await self._read(text)

    async def _read(self, text: str) -> None:
        await asyncio.sleep(self._pace * (0.6 + len(text) / LETTERS_A_SECOND))


def _is_bots(chats: Collection[int], event: Json) -> bool:
    """Whether the bot wrote into one of the chats."""
    message = event.get("message", {})
    return bool(event["type"] == "message" and message["from"]["is_bot"] and message["chat"]["id"] in chats)
