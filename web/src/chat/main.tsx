/** The chat page. */
import { render } from "preact";
import { handOverToken } from "../ui/hand-over.ts";
import { identity, learn } from "../ui/identity.ts";
import { SignIn, Unreachable } from "../ui/sign-in.tsx";
import { App } from "./app.tsx";
import { listenToKeys } from "./keyboard.ts";

function Page() {
  const state = identity.value;
  switch (state.is) {
    case "asking": return null;
    case "out": return <SignIn why={state.fault} />;
    case "unreachable": return <Unreachable why={state.fault} />;
    default: return <App />;
  }
}

listenToKeys();
render(<Page />, document.getElementById("app")!);
handOverToken();
void learn();
