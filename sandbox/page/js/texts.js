/** Every word of the page, in both languages, and the choice between them. */

import { names } from "./names.js";

const STORED = "otvet.language";

const TEXTS = {
  ru: {
    title: "Ответ — песочница", sandbox: "песочница", connecting: "соединение…", connected: "на связи",
    tour: "Показать за минуту", tourShort: "Показ", tourStop: "Закрыть показ", tourStep: "Шаг {step} из {of}", language: "English", languageLabel: "Switch to English",
    customers: "Клиенты", operators: "Операторы", why: "Почему", tabs: "Разделы",
    addCustomer: "Новый клиент", firstName: "Имя", lastName: "Фамилия", phone: "Телефон", languageOf: "Язык", add: "Добавить", cancel: "Отмена",
    bot: "бот", online: "поддержка магазина", start: "Начать", startHint: "Здесь клиент впервые видит бота. Нажмите «Начать» или просто спросите.",
    members: "{count} в группе", general: "Общая тема", closed: "тема закрыта", noTopics: "Темы появятся, когда боту понадобится человек.",
    emptyTopic: "В этой теме пока тихо.", noGroup: "Группа операторов не создана.", speaksAs: "Пишет",
    message: "Сообщение", messageTo: "Ответ клиенту", send: "Отправить", attach: "Прикрепить", emoji: "Эмодзи", keyboard: "Показать или скрыть кнопки",
    photo: "Фото", document: "Файл", voice: "Голосовое", video: "Видео", sticker: "Стикер", location: "Место", ownContact: "Свой контакт", otherContact: "Чужой контакт",
    reply: "Ответить", edit: "Изменить", react: "Реакция", whyThis: "Что решил бот", edited: "изменено", editing: "Изменение сообщения",
    typing: "печатает", sendingPhoto: "отправляет фото", thinking: "Думает…", stop: "Остановить", toNewest: "К последним сообщениям",
    onlyFor: "🔒 Видит только {name}", forwarded: "Переслано от {name}", unread: "непрочитанных: {count}", today: "Сегодня", yesterday: "Вчера", play: "Слушать", pause: "Пауза",
    failed: "Не получилось: {error}", copied: "Скопировано", noMicrophone: "Микрофона нет — отправлен образец", recording: "Идёт запись — нажмите, чтобы отправить",
    ok: "Понятно", close: "Закрыть", unsupported: "Сообщение этого вида песочница не показывает",
    topicCreated: "Создана тема «{name}»", topicClosed: "Тема закрыта", topicReopened: "Тема снова открыта", topicEdited: "Тема теперь называется «{name}»", topicIcon: "У темы новый значок",
    pinned: "Сообщение закреплено", joined: "{name} теперь в группе", left: "{name} больше не в группе", migrated: "Группа стала супергруппой",
    decisionTitle: "Что решил бот", decisionEmpty: "Напишите боту — здесь появится, что он понял, что нашёл и почему ответил именно так.",
    decisionNone: "Об этом сообщении бот ничего не решал.", decisionLatest: "К последнему", decisionAbout: "О сообщении", decisionPending: "Бот ещё думает…",
    understood: "Как понял", found: "Что нашёл", drafted: "Что написал и как проверил", steps: "По шагам", timings: "Сколько заняло", raw: "Всё как есть (JSON)",
    sureness: "уверенность", alternatives: "Другие варианты", query: "Искал", followup: "Дополнено по прошлому вопросу", cached: "Ответ № {answer_id} на такой же вопрос, дан ещё раз", release: "Выпуск базы знаний № {release}", answerable: "Хватит ли найденного для ответа",
    partQuestion: "Вопрос", words: "слова", characters: "буквы", vector: "смысл", nothingFound: "Ничего подходящего.", showText: "Текст статьи",
    engine: "Отвечал", score: "оценка", threshold: "порог {value}", passed: "Проверку прошёл", notPassed: "Проверку не прошёл", features: "Признаки, по которым считалась оценка",
    total: "всего", ms: "мс", s: "с", reason: "Причина", outcome: "Итог", turnText: "Вопрос клиента", source: "Решено",
  },
  en: {
    title: "Otvet — sandbox", sandbox: "sandbox", connecting: "connecting…", connected: "connected",
    tour: "One-minute tour", tourShort: "Tour", tourStop: "Close the tour", tourStep: "Step {step} of {of}", language: "Русский", languageLabel: "Переключить на русский",
    customers: "Customers", operators: "Operators", why: "Why", tabs: "Sections",
    addCustomer: "New customer", firstName: "First name", lastName: "Last name", phone: "Phone", languageOf: "Language", add: "Add", cancel: "Cancel",
    bot: "bot", online: "the shop's support", start: "Start", startHint: "This is how a customer first meets the bot. Press Start or just ask.",
    members: "{count} in the group", general: "General", closed: "topic closed", noTopics: "Topics appear as soon as the bot needs a person.",
    emptyTopic: "Nothing here yet.", noGroup: "There is no operators' group.", speaksAs: "Speaks",
    message: "Message", messageTo: "Answer the customer", send: "Send", attach: "Attach", emoji: "Emoji", keyboard: "Show or hide the buttons",
    photo: "Photo", document: "File", voice: "Voice", video: "Video", sticker: "Sticker", location: "Location", ownContact: "Own contact", otherContact: "Someone else's contact",
    reply: "Reply", edit: "Edit", react: "React", whyThis: "What the bot decided", edited: "edited", editing: "Editing the message",
    typing: "typing", sendingPhoto: "sending a photo", thinking: "Thinking…", stop: "Stop", toNewest: "To the newest messages",
    onlyFor: "🔒 Only {name} sees this", forwarded: "Forwarded from {name}", unread: "unread: {count}", today: "Today", yesterday: "Yesterday", play: "Play", pause: "Pause",
    failed: "That did not work: {error}", copied: "Copied", noMicrophone: "No microphone: a sample was sent", recording: "Recording — press to send",
    ok: "OK", close: "Close", unsupported: "The sandbox does not show this kind of message",
    topicCreated: "Topic “{name}” was created", topicClosed: "The topic was closed", topicReopened: "The topic was reopened", topicEdited: "The topic is now called “{name}”", topicIcon: "The topic has a new icon",
    pinned: "A message was pinned", joined: "{name} joined the group", left: "{name} left the group", migrated: "The group became a supergroup",
    decisionTitle: "What the bot decided", decisionEmpty: "Write to the bot: what it understood, what it found and why it answered that way will appear here.",
    decisionNone: "The bot decided nothing about this message.", decisionLatest: "To the latest", decisionAbout: "About the message", decisionPending: "The bot is still thinking…",
    understood: "How it understood", found: "What it found", drafted: "What it wrote and how that was checked", steps: "Step by step", timings: "How long it took", raw: "Everything as it is (JSON)",
    sureness: "confidence", alternatives: "Other readings", query: "Searched for", followup: "Completed by the last question", cached: "Answer no. {answer_id} to the same question, given again", release: "Knowledge release {release}", answerable: "Do the passages suffice for an answer",
    partQuestion: "Question", words: "words", characters: "letters", vector: "meaning", nothingFound: "Nothing suitable.", showText: "Text of the article",
    engine: "Answered by", score: "score", threshold: "threshold {value}", passed: "Passed the check", notPassed: "Did not pass the check", features: "Features behind the score",
    total: "in all", ms: "ms", s: "s", reason: "Reason", outcome: "Outcome", turnText: "The customer's question", source: "Decided",
  },
};

let current = localStorage.getItem(STORED) ?? (/^(ru|be|uk|kk)/iu.test(navigator.language ?? "") ? "ru" : "en");
if (!(current in TEXTS)) current = "en";

/** The page's language, "ru" or "en". */
export const language = () => current;

/** Choose the page's language and remember it. */
export function setLanguage(value) {
  current = value;
  localStorage.setItem(STORED, value);
}

/** A text of the page in its language; `{name}` places are filled from `values`. */
export function t(key, values = {}) {
  return TEXTS[current][key].replace(/\{(\w+)\}/gu, (_, name) => String(values[name] ?? ""));
}

/** A code name (an intent, an outcome, a feature …) in words; one that is not known is shown as it stands. */
export function named(kind, code) {
  const known = names[current][kind]?.[code] ?? (kind === "outcome" ? names[current].state[code] : undefined);
  return known ?? String(code).replaceAll("_", " ");
}

/** The keys of each language: a test holds both to the same set. */
export function textKeys() {
  const deep = (value, prefix = "") => Object.entries(value).flatMap(([key, inner]) => (typeof inner === "object" ? deep(inner, `${prefix}${key}.`) : [`${prefix}${key}`]));
  return Object.fromEntries(["ru", "en"].map((code) => [code, [...deep(TEXTS[code]), ...deep(names[code])].sort()]));
}
