/**
 * Who this client is, where the server wants to be shown a token.
 *
 * Each connection begins with the newest token that `getToken` has, a token that ends soon is
 * renewed on the open connection, and a token that was refused is replaced once. Tokens go into
 * `auth` commands and nowhere else: not into errors, states or addresses.
 */
import type { AuthFrame } from "./frames.ts";
import { Refused } from "./requests.ts";

export interface TokenWanted {
  /** A connection begins; the token in use ends soon; it has ended or was refused; `renew` was called. */
  readonly why: "connecting" | "expiring" | "refused" | "renewing";
  /** When the token in use ends, if the server has told. */
  readonly expiresAt: string | null;
}

/** Null where there is none: the server then signs in by the handshake, or refuses. */
export type TokenSource = (wanted: TokenWanted) => string | null | Promise<string | null>;

export interface Identity {
  readonly subject: string;
  readonly username: string;
  readonly scope: readonly string[];
  /** RFC 3339; null means no end. */
  readonly expiresAt: string | null;
}

export interface CredentialsLink {
  ask(command: object): Promise<{ readonly type: string }>;
  /** The server knows who this is; on a new connection (`isFirst`) everything may begin. */
  accepted(identity: Identity, isFirst: boolean): void;
  restart(): void;
  changed(): void;
}

export class Credentials {
  /** Null in open mode. */
  getToken: TokenSource | null;
  identity: Identity | null = null;
  /** The end of the token in use, once the server has said that it is near. */
  endsAt: string | null = null;
  /** Why the last token was refused. */
  fault: string | null = null;
  /** How the token in use ended. */
  ended: "expired" | "revoked" | null = null;
  /** The server wants another token and there is none: somebody has to sign in. */
  isOver = false;
  readonly #link: CredentialsLink;
  /** On this connection. */
  isSignedIn = false;
  /** Whether the last refusal was answered with another token: one that fails too is enough. */
  #hasTriedAnother = false;
  #sent: string | null = null;
  /** How the token of the last connection that was signed in must have ended, if a token is why. */
  #endedLast: "expired" | "revoked" | null = null;
  #connections = 0;

  constructor(getToken: TokenSource | null, link: CredentialsLink) {
    this.getToken = getToken;
    this.#link = link;
  }

  /** A new connection is open. */
  opened(): void {
    this.#connections++;
    void this.#present("connecting");
  }

  lost(): void {
    this.#connections++;
    // The last events of an ending connection may not arrive: a notice of the end says as much.
    if (this.isSignedIn) this.#endedLast = this.ended ?? (this.endsAt === null ? "revoked" : "expired");
    if (this.isSignedIn) this.fault = null;
    this.isSignedIn = this.isOver = false;
    this.endsAt = null;
  }

  /** There is a newer token: use it now. */
  renew(): Promise<void> {
    return this.isSignedIn ? this.#present("renewing") : Promise.resolve();
  }

  expiring(expiresAt: string): void {
    this.endsAt = expiresAt;
    void this.#present("expiring");
    this.#link.changed();
  }

  /** The connection was closed for want of a valid token. */
  async refused(): Promise<void> {
    const connection = this.#connections;
    this.ended = this.#endedLast;
    const token = this.#hasTriedAnother ? null : await this.#ask("refused");
    if (connection !== this.#connections) return;
    this.#hasTriedAnother = token !== null && token !== this.#sent;
    this.isOver = !this.#hasTriedAnother;
    if (this.isOver) this.#link.changed();
    else this.#link.restart();
  }

  accept({ subject, username, scope, expires_at }: AuthFrame): void {
    const isFirst = !this.isSignedIn;
    this.isSignedIn = true;
    this.#hasTriedAnother = false;
    this.endsAt = this.fault = this.ended = this.#endedLast = null;
    this.identity = { subject, username, scope, expiresAt: expires_at };
    this.#link.accepted(this.identity, isFirst);
  }

  async #present(why: TokenWanted["why"]): Promise<void> {
    const connection = this.#connections;
    const token = await this.#ask(why);
    if (connection !== this.#connections || token === null || (this.isSignedIn && token === this.#sent)) return;
    this.#sent = token;
    try {
      this.accept(await this.#link.ask({ type: "auth", token }) as AuthFrame);
    } catch (error) {
      if (!(error instanceof Refused)) return; // the connection says so itself
      this.fault = error.message;
      this.#link.changed();
    }
  }

  async #ask(why: TokenWanted["why"]): Promise<string | null> {
    try {
      return await this.getToken?.({ why, expiresAt: this.identity?.expiresAt ?? null }) ?? null;
    } catch {
      return null; // without a token the server says what is missing
    }
  }
}
