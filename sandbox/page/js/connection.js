/** The sandbox's client API: calls that answer or throw a sentence, and the stream of events. */

/** What went wrong, in words that the page may show. */
export class CallFailed extends Error {}

async function call(path, body) {
  let response;
  try {
    response = await fetch(path, body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  } catch (error) {
    throw new CallFailed(String(error.message ?? error));
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new CallFailed(answer.error || `HTTP ${response.status}`);
  return answer;
}

export const api = {
  state: () => call("sandbox/state"),
  addUser: (user) => call("sandbox/users", user),
  send: (message) => call("sandbox/messages", message),
  shareContact: (contact) => call("sandbox/contacts", contact),
  edit: (edit) => call("sandbox/edits", edit),
  press: (press) => call("sandbox/callbacks", press),
  pressAnswer: (id) => call(`sandbox/callbacks/${encodeURIComponent(id)}`),
  react: (reaction) => call("sandbox/reactions", reaction),
  stop: (stop) => call("sandbox/stops", stop),
  tour: (language) => call("sandbox/tour", { language }),
  decision: (chatId, messageId) => call(`sandbox/decisions?chat_id=${chatId}&message_id=${messageId}`).then((answer) => answer.decision ?? null),
  fileUrl: (fileId) => `sandbox/files/${encodeURIComponent(fileId)}`,
};

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 4000;

/**
 * Keep a WebSocket open for good: after each (re)connection the state is loaded anew, events that came meanwhile
 * are applied after it. `onStatus` gets true or false.
 */
export function follow({ onState, onEvent, onStatus }) {
  let pause = FIRST_PAUSE_MS;
  const open = () => {
    const address = new URL("sandbox/events", document.baseURI);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    let waiting = [];
    socket.onopen = async () => {
      try {
        onState(await api.state());
      } catch {
        socket.close();
        return;
      }
      for (const event of waiting) onEvent(event);
      waiting = null;
      pause = FIRST_PAUSE_MS;
      onStatus(true);
    };
    socket.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      if (waiting) waiting.push(event);
      else onEvent(event);
    };
    socket.onclose = () => {
      onStatus(false);
      setTimeout(open, pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    };
  };
  onStatus(false);
  open();
}
