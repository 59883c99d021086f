import asyncio
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.telegram import api, people, schema
from sandbox.telegram.files import Upload
from sandbox.world import ANNA, DEMO_TOKEN, MARIA, OPERATORS_CHAT_ID, demo_world

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([ANNA, OPERATORS_CHAT_ID, 0, 1, 2, 3, -1, 2**63]),
    st.floats(),
    st.sampled_from(["", "a", "<b>", "&#0;", "HTML", "attach://file", "photo", "emoji", "👍", "default", "ж" * 5000]),
    st.text(max_size=20),
)
OBJECTS = st.sampled_from(
    [
        {"inline_keyboard": [[{"text": "a", "callback_data": "b"}], []]},
        {"keyboard": [[{"text": "a"}]]},
        {"message_id": 2},
        {"type": "photo", "media": "attach://file", "caption": "a"},
        {"type": "emoji", "emoji": "👍"},
        {"type": "bold", "offset": 0, "length": 1},
        {"command": "a", "description": "b"},
    ]
)
VALUES = st.one_of(SCALARS, OBJECTS, st.lists(st.one_of(SCALARS, OBJECTS), max_size=3))


@st.composite
def calls(draw):
    """A method that the sandbox has, with some of its parameters; the chat is mostly one that exists."""
    method = draw(st.sampled_from(sorted(api.METHODS)))
    fields = schema.method_fields(method)
    params = {
        name: draw(VALUES)
        for name, field in fields.items()
        if field.required or draw(st.integers(min_value=0, max_value=4)) == 0
    }
    if "chat_id" in fields and draw(st.booleans()):
        params["chat_id"] = draw(st.sampled_from([ANNA, OPERATORS_CHAT_ID]))
    params.pop("timeout", None)
    return method, params


@settings(max_examples=400, deadline=None)
@given(calls())
def test_no_call_however_odd_breaks_the_server(call):
    method, params = call
    world = demo_world()
    people.say(world, ANNA, ANNA, people.Words("hello"))
    people.create_topic(world, OPERATORS_CHAT_ID, MARIA, "topic")
    answer = asyncio.run(api.call(world, DEMO_TOKEN, method, params, {"file": Upload(b"GIF89a" + bytes(20))}))
    json.dumps([answer.result, world.journal.after(0)])


def test_every_method_of_the_sandbox_is_one_of_telegrams():
    assert set(api.METHODS) <= set(schema.method_names().values())
