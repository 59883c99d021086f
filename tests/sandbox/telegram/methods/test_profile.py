import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BotCommand, BotCommandScopeChat

from sandbox.world import ANNA, MARIA, OPERATORS_CHAT_ID


async def test_commands_are_kept_by_scope_and_language(bot):
    russian, english = BotCommand(command="help", description="Помощь"), BotCommand(command="help", description="Help")
    group = BotCommandScopeChat(chat_id=OPERATORS_CHAT_ID)
    await bot.set_my_commands([english])
    await bot.set_my_commands([russian], language_code="ru")
    await bot.set_my_commands([BotCommand(command="close", description="Close")], scope=group)
    await bot.delete_my_commands(language_code="ru")

    assert [command.description for command in await bot.get_my_commands()] == ["Help"]
    assert await bot.get_my_commands(language_code="ru") == []
    assert [command.command for command in await bot.get_my_commands(scope=group)] == ["close"]
    with pytest.raises(TelegramBadRequest, match="BOT_COMMAND_INVALID"):
        await bot.set_my_commands([BotCommand(command="Help!", description="a")])


async def test_descriptions_fall_back_to_the_default_language(bot):
    await bot.set_my_description("Answers questions")
    await bot.set_my_short_description("Отвечает", language_code="ru")

    assert (await bot.get_my_description(language_code="de")).description == "Answers questions"
    assert (await bot.get_my_short_description(language_code="ru")).short_description == "Отвечает"
    assert (await bot.get_my_name()).name == "Otvet"
    with pytest.raises(TelegramBadRequest, match="too long"):
        await bot.set_my_short_description("a" * 121)


async def test_chats_and_members_are_described(bot, world):
    world.add_group(-1002, "Limited", bot_lacks=frozenset({"can_pin_messages"}))
    group, person = await bot.get_chat(OPERATORS_CHAT_ID), await bot.get_chat(ANNA)
    own = await bot.get_chat_member(-1002, bot.id)
    administrators = await bot.get_chat_administrators(OPERATORS_CHAT_ID)

    assert (group.type, group.is_forum, person.type, person.first_name) == ("supergroup", True, "private", "Анна")
    assert (own.status, own.can_manage_topics, own.can_pin_messages) == ("administrator", True, False)
    assert (await bot.get_chat_member(OPERATORS_CHAT_ID, MARIA)).status == "creator"
    assert (await bot.get_chat_member(OPERATORS_CHAT_ID, ANNA)).status == "left"
    assert len(administrators) == await bot.get_chat_member_count(OPERATORS_CHAT_ID) == 3
    with pytest.raises(TelegramBadRequest, match="PARTICIPANT_ID_INVALID"):
        await bot.get_chat_member(OPERATORS_CHAT_ID, 5)


async def test_unknown_file_is_refused(bot):
    with pytest.raises(TelegramBadRequest, match="wrong file_id"):
        await bot.get_file("nonsense")


async def test_leaving_the_server_changes_nothing(bot):
    assert await bot.log_out()
    assert await bot.get_me()
