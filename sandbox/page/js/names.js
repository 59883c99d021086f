/** The bot's code names in words: what stands in a decision is written for programs, this is for people. */

export const names = {
  ru: {
    intent: { question: "Вопрос по базе знаний", order_status: "Где мой заказ", operator: "Позвать человека", complaint: "Жалоба", greeting: "Приветствие", thanks: "Благодарность", out_of_scope: "Не по теме" },
    source: { rule: "по правилу", model: "обученной моделью", language_model: "языковой моделью", button: "кнопкой клиента" },
    state: { collecting: "Ждёт, не напишут ли ещё", generating: "Готовит ответ", clarifying: "Переспросил", answered: "Ответил", escalated: "Позвал человека", superseded: "Вопрос сменился новым" },
    outcome: {
      answered: "Ответил сам, с источником", escalated: "Передал человеку", clarify: "Переспросил кнопками", greeted: "Поздоровался в ответ", out_of_scope: "Сказал, что это не к нему", media: "Сказал, что умеет с вложением", abused: "Ответил на ругань спокойно и предложил человека", stopped: "Клиент остановил ответ",
      order_number_asked: "Спросил номер заказа", order_proof_asked: "Попросил подтвердить, чей заказ", order_shown: "Показал заказ владельцу", order_refused: "Не показал заказ", order_locked: "Закрыл проверку на час: слишком много попыток",
      ignored: "Ничего не сделал", generating: "Готовит ответ", relayed: "Передал слова оператору", superseded: "Вопрос сменился новым",
    },
    reason: {
      customer_asked: "Клиент попросил человека", complaint: "Это жалоба", to_a_model: "Слова обращены к языковой модели: по ним ничего не пишется", rule: "Так велит правило компании", risky: "Требуют решения о деньгах или грозят судом: такое решает человек", no_answer: "В базе знаний нет ответа", low_score: "Оценка ответа ниже порога",
      check_failed: "Черновик не прошёл проверку", unclear: "Так и не понял, чего хотят", overdue: "Ответ не успел к сроку", busy: "Вопросов больше, чем успеть", no_worker: "Некому готовить ответ", no_knowledge: "База знаний пуста", knowledge_changed: "Статья изменилась, пока бот писал", engine_error: "Движок ответов сломался", no_orders: "Заказы недоступны", operator_wrote: "Оператор написал сам", error: "Ошибка",
    },
    engine: { extractive: "цитаты из базы знаний", llama_cpp: "языковая модель на этой машине", openai: "языковая модель по сети" },
    timing: { collected: "ждал, не допишут ли", decided: "от вопроса до решения", wait: "ожидание", debounce: "ждал продолжения", intent: "понимание", search: "поиск", queue: "очередь", generate: "ответ", generation: "ответ", checks: "проверки", judge: "оценка", settle: "решение", total: "всего" },
    language: { ru: "русский", en: "английский" },
  },
  en: {
    intent: { question: "A question for the knowledge base", order_status: "Where is my order", operator: "Call a person", complaint: "A complaint", greeting: "A greeting", thanks: "Thanks", out_of_scope: "Off topic" },
    source: { rule: "by a rule", model: "by the trained model", language_model: "by the language model", button: "by the customer's button" },
    state: { collecting: "Waiting for more messages", generating: "Preparing an answer", clarifying: "Asked back", answered: "Answered", escalated: "Called a person", superseded: "A newer question came" },
    outcome: {
      answered: "Answered by itself, with its source", escalated: "Handed over to a person", clarify: "Asked back with buttons", greeted: "Greeted back", out_of_scope: "Said that this is not its business", media: "Said what it can do with the attachment", abused: "Answered abuse calmly and offered a person", stopped: "The customer stopped the answer",
      order_number_asked: "Asked for the order number", order_proof_asked: "Asked for proof whose order it is", order_shown: "Showed the order to its owner", order_refused: "Did not show the order", order_locked: "Locked the check for an hour: too many tries",
      ignored: "Did nothing", generating: "Preparing an answer", relayed: "Passed the words to the operator", superseded: "A newer question came",
    },
    reason: {
      customer_asked: "The customer asked for a person", complaint: "This is a complaint", to_a_model: "The words are addressed to a language model: nothing is written from them", rule: "A rule of the company says so", risky: "A decision about money or a legal threat: a person decides that", no_answer: "The knowledge base has no answer", low_score: "The answer's score is below the threshold",
      check_failed: "The draft failed a check", unclear: "It is still unclear what is wanted", overdue: "The answer missed its deadline", busy: "Too many questions at once", no_worker: "Nobody is there to prepare an answer", no_knowledge: "The knowledge base is empty", knowledge_changed: "The article changed while the bot was writing", engine_error: "The answering engine broke", no_orders: "Orders cannot be looked up", operator_wrote: "The operator wrote first", error: "An error",
    },
    engine: { extractive: "quotes from the knowledge base", llama_cpp: "a language model on this machine", openai: "a language model over the network" },
    timing: { collected: "waited for more words", decided: "from question to decision", wait: "waiting", debounce: "waited for more", intent: "understanding", search: "search", queue: "queue", generate: "answer", generation: "answer", checks: "checks", judge: "judging", settle: "decision", total: "in all" },
    language: { ru: "Russian", en: "English" },
  },
};
