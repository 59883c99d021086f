/** What the sandbox holds, as this page knows it: loaded once, then kept current by events. */

const TYPING_MS = 5500;
const PREVIEW_MS = 30000;

/** The key of a conversation: a private chat, or one topic of a group (General is 0). */
export function threadKey(chatId, threadId) {
  return `${chatId}:${!threadId || threadId === 1 ? 0 : threadId}`;
}

function keyOf(message) {
  const group = message.chat.type !== "private";
  const topic = message.is_topic_message === false ? 0 : message.message_thread_id;
  return threadKey(message.chat.id, group ? topic : 0);
}

/** The page's copy of the sandbox. */
export class Store {
  constructor(onChange) {
    this.onChange = onChange;
    this.bot = null;
    this.users = new Map();
    this.chats = new Map();
    this.members = {};
    this.topics = new Map();
    this.threads = new Map();
    this.revisions = new Map();
    this.read = new Map();
    this.typing = new Map();
    this.previews = new Map();
    this.loaded = false;
  }

  /** Take the whole state; what was read stays read, what came meanwhile is unread. */
  load(state) {
    const before = this.index();
    this.bot = state.bot;
    this.users = new Map(state.users.map((user) => [user.id, user]));
    this.chats = new Map(state.chats.map((chat) => [chat.id, chat]));
    this.members = state.members ?? {};
    this.topics = new Map(state.topics.map((topic) => [threadKey(topic.chat_id, topic.thread_id), topic]));
    this.threads = new Map();
    this.previews.clear();
    for (const message of state.messages) this.put(message, before);
    if (!this.loaded) for (const key of this.threads.keys()) this.markRead(key);
    this.loaded = true;
    this.onChange();
  }

  index() {
    const found = new Map();
    for (const thread of this.threads.values()) for (const [id, message] of thread) found.set(`${message.chat.id}:${id}`, JSON.stringify(message));
    return found;
  }

  put(message, before) {
    const key = keyOf(message);
    const id = `${message.chat.id}:${message.message_id}`;
    if (!this.threads.has(key)) this.threads.set(key, new Map());
    const thread = this.threads.get(key);
    const known = thread.get(message.message_id);
    thread.set(message.message_id, known && !message.reactions ? { ...message, reactions: known.reactions } : message);
    if (before?.get(id) !== JSON.stringify(message)) this.revisions.set(id, this.revision(message) + 1);
    return key;
  }

  revision(message) {
    return this.revisions.get(`${message.chat.id}:${message.message_id}`) ?? 0;
  }

  /** The messages of a conversation, oldest first. */
  messages(key) {
    return [...(this.threads.get(key)?.values() ?? [])].sort((a, b) => a.message_id - b.message_id);
  }

  find(chatId, messageId) {
    for (const [key, thread] of this.threads) {
      const message = key.startsWith(`${chatId}:`) && thread.get(messageId);
      if (message) return message;
    }
    return null;
  }

  markRead(key) {
    const newest = Math.max(0, ...(this.threads.get(key)?.keys() ?? []));
    this.read.set(key, newest);
  }

  unread(key) {
    const read = this.read.get(key) ?? 0;
    let count = 0;
    for (const id of this.threads.get(key)?.keys() ?? []) if (id > read) count += 1;
    return count;
  }

  /** Ids of those who are in the operators' group. */
  get memberIds() {
    return new Set((this.members[this.group?.id] ?? []).filter(({ status }) => status !== "left" && status !== "kicked").map(({ user }) => user.id));
  }

  /** The operators' forum group. */
  get group() {
    return [...this.chats.values()].find((chat) => chat.type !== "private") ?? null;
  }

  get operators() {
    const members = this.memberIds;
    return [...this.users.values()].filter((user) => members.has(user.id) && !user.is_bot);
  }

  get customers() {
    const members = this.memberIds;
    return [...this.users.values()].filter((user) => !members.has(user.id) && !user.is_bot);
  }

  /** Topics of the operators' group: General first, then open ones, latest activity first, closed ones last. */
  get groupTopics() {
    if (!this.group) return [];
    const chatId = this.group.id;
    const mine = this.group.is_forum ? [...this.topics.values()].filter((topic) => topic.chat_id === chatId && topic.thread_id !== 1 && !topic.deleted) : [];
    const latest = (topic) => Math.max(topic.thread_id, ...(this.threads.get(threadKey(chatId, topic.thread_id))?.keys() ?? []));
    mine.sort((a, b) => Number(a.closed) - Number(b.closed) || latest(b) - latest(a));
    return [{ chat_id: chatId, thread_id: 0, name: null, closed: false, icon_color: null }, ...mine];
  }

  /** Take one event of the stream. */
  apply(event) {
    const handler = this[`on_${event.type}`];
    if (!handler) return;
    handler.call(this, event);
    this.onChange();
  }

  on_message({ message }) {
    const key = this.put(message);
    if (message.from?.id === this.bot?.id) {
      this.typing.delete(key);
      this.previews.delete(key);
    }
  }

  on_message_edited({ message }) {
    this.put(message);
  }

  on_message_deleted({ chat_id, message_id }) {
    for (const [key, thread] of this.threads) if (key.startsWith(`${chat_id}:`)) thread.delete(message_id);
  }

  on_topic({ topic }) {
    const key = threadKey(topic.chat_id, topic.thread_id);
    if (topic.deleted) {
      this.topics.delete(key);
      this.threads.delete(key);
    } else this.topics.set(key, topic);
  }

  on_user({ user }) {
    this.users.set(user.id, user);
  }

  on_chat({ chat }) {
    this.chats.set(chat.id, { ...this.chats.get(chat.id), ...chat });
  }

  /** A group was deleted, or has become a supergroup where everything goes on under the same ids. */
  on_chat_gone({ chat_id, migrated_to }) {
    const old = (key) => key.startsWith(`${chat_id}:`);
    const chat = this.chats.get(migrated_to);
    for (const [key, thread] of [...this.threads].filter(([name]) => old(name))) {
      this.threads.delete(key);
      for (const message of chat ? thread.values() : []) if (!this.find(migrated_to, message.message_id)) this.put({ ...message, chat });
    }
    for (const [key, topic] of [...this.topics].filter(([name]) => old(name))) {
      this.topics.delete(key);
      if (chat) this.on_topic({ topic: { ...topic, chat_id: migrated_to } });
    }
    if (chat) this.members[migrated_to] = this.members[chat_id];
    delete this.members[chat_id];
    this.chats.delete(chat_id);
  }

  on_reaction({ chat_id, message_id, user_id, emoji, reactions }) {
    const message = this.find(chat_id, message_id);
    if (!message) return;
    const others = (message.reactions ?? []).filter((reaction) => reaction.user_id !== user_id);
    this.put({ ...message, reactions: reactions ?? (emoji ? [...others, { user_id, emoji }] : others) });
  }

  on_typing({ chat_id, thread_id, action }) {
    this.hold(this.typing, threadKey(chat_id, thread_id), { action }, TYPING_MS);
  }

  on_preview({ chat_id, thread_id, draft_id, text, can_stop }) {
    this.hold(this.previews, threadKey(chat_id, thread_id), { draft_id, text, can_stop }, PREVIEW_MS);
  }

  /** Remember something that ends by itself unless it is renewed. */
  hold(map, key, value, lifetimeMs) {
    map.set(key, value);
    setTimeout(() => {
      if (map.get(key) === value) {
        map.delete(key);
        this.onChange();
      }
    }, lifetimeMs);
  }
}
