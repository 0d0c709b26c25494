/** English for tests, which run without a page. To be imported before what has words. */
import english from "../../words/en.json" with { type: "json" };

globalThis.chatlogWords = { language: "en", words: { ...english.both, ...english.chat, ...english.timeMachine } };
