/** Signing in by a token, and going on with a newer one before it ends. */
import { useRef, useState } from "preact/hooks";
import { Brand } from "./brand.tsx";
import { Icon } from "./icons.tsx";
import { endsAt, learn, signIn } from "./identity.ts";
import { clockTime } from "./time.ts";
import { isEmbedded, tokenIn } from "./token.ts";
import { t } from "./words.ts";

/** The field is read once and emptied: the token stays nowhere in the page. */
function useToken(inTab: () => boolean | undefined) {
  const field = useRef<HTMLInputElement>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const take = async (event: Event) => {
    event.preventDefault();
    const token = tokenIn(field.current!.value);
    field.current!.value = "";
    if (token === null) return setFault(t("notAToken"));
    setBusy(true);
    setFault(await signIn(token, inTab()));
    setBusy(false);
  };
  return { field, fault, isBusy, take };
}

export function SignIn({ why }: { why: string | null }) {
  const keep = useRef<HTMLInputElement>(null);
  const { field, fault, isBusy, take } = useToken(() => keep.current!.checked);
  const wrong = fault ?? why;
  return (
    <main class="welcome">
      <form class="card" noValidate onSubmit={(event) => void take(event)}>
        <Brand />
        <h1>{t("signIn")}</h1>
        <p class="lead">{t("signInLead")}</p>
        {wrong && <p class="banner danger" role="alert"><Icon name="warning" />{wrong}</p>}
        <label class="field">
          <span>{t("token")}</span>
          <input ref={field} type="password" name="token" autofocus={!isEmbedded} autocomplete="off" spellcheck={false} />
        </label>
        <label class="tick"><input ref={keep} type="checkbox" /><span>{t("rememberMe")}
          <small>{t("rememberMeHelp")}</small></span></label>
        <button class="primary wide" type="submit" disabled={isBusy}>{t("signIn")}</button>
        {isEmbedded && <p class="aside">{t("framedSignIn")}</p>}
      </form>
    </main>
  );
}

export function Unreachable({ why }: { why: string }) {
  return (
    <main class="welcome">
      <div class="card" role="alert">
        <Brand />
        <h1>{t("notConnected")}</h1>
        <p class="lead">{why}</p>
        <button class="primary wide" type="button" onClick={() => void learn()}>{t("tryAgain")}</button>
      </div>
    </main>
  );
}

/** Shown from a minute before the token ends, unless a newer one came by itself. */
export function Renewal() {
  const { field, fault, isBusy, take } = useToken(() => undefined);
  if (endsAt.value === null) return null;
  return (
    <form class="renewal" aria-label={t("renewSignIn")} onSubmit={(event) => void take(event)}>
      <Icon name="clock" />
      <p><span role="status">{t("signInEnds", { time: clockTime(endsAt.value) })}</span>
        {fault && <span class="fault" role="alert"> {fault}</span>}</p>
      <input ref={field} type="password" aria-label={t("newToken")} placeholder={t("newToken")} autocomplete="off" spellcheck={false} />
      <button type="submit" class="quiet" disabled={isBusy}>{t("renew")}</button>
    </form>
  );
}
