/**
 * The hash chain of a room, checked here and not by the server that is to be trusted.
 *
 * Each event's hash is SHA-256(previous hash ‖ header); the header is made again from what the
 * event says, so a changed word, name, time or order shows at its seq. Erased content has no
 * salt any more: its commitment is checked as part of the header, its words can't be.
 * The bytes are defined in docs/log-format.md.
 */
import { t } from "../ui/words.ts";

export interface Proof {
  readonly format: string;
  readonly hash: string;
  readonly room_id: string;
  readonly user_id: string;
  readonly session?: string | null;
  readonly node: string;
  readonly name_commitment: string;
  readonly name_salt?: string | null;
  readonly text_commitment?: string | null;
  readonly text_salt?: string | null;
  readonly replay_from?: number | null;
  readonly reason?: string | null;
  readonly id?: string | null;
  /** What the event refers to, where it does not show it: the member, or the event of a topic. */
  readonly of?: string | null;
  /** Facts of later types of events: canonical JSON. */
  readonly details?: string;
  /** The people in `details`, without what has been erased. */
  readonly people?: Readonly<Record<string, Person>>;
}

interface Person {
  readonly name_salt?: string;
  readonly subject?: string;
  readonly subject_salt?: string;
}

/** A person as `details` commit to them. */
interface Sealed {
  readonly name: string;
  readonly subject?: string;
}

/** An event as `events?proof=true` gives it. */
export interface ProvedEvent {
  readonly type: string;
  readonly event?: string;
  readonly seq: number;
  readonly hash: string;
  readonly at: string;
  readonly username: string;
  readonly message?: string;
  readonly id?: string | null;
  readonly cause?: string | null;
  readonly last_seen_at?: string | null;
  readonly sessions?: number | null;
  readonly of?: readonly number[];
  readonly topic?: string;
  readonly reason?: string;
  readonly member?: string;
  readonly by?: string;
  readonly subject?: string;
  readonly proof: Proof;
}

/** How far the chain has been followed. */
export interface Link {
  readonly seq: number;
  readonly hash: Uint8Array<ArrayBuffer>;
  readonly roomId: string | null;
  /** The topics by the seq of their event: later room events show the same. */
  readonly topics: ReadonlyMap<string, string>;
}

export interface Fault {
  readonly seq: number;
  readonly what: string;
}

export const START: Link = { seq: 0, hash: new Uint8Array(32), roomId: null, topics: new Map() };
const FORMAT = "chatlog-1";
const encoder = new TextEncoder();
const SHOWN = ["role", "until", "access", "history", "locked"] as const;
const ABSENT = new Uint8Array([255, 255, 255, 255]);

/** Whether this page may compute hashes: browsers allow it on https and on this very machine only. */
export function canVerify(): boolean {
  return globalThis.crypto?.subtle !== undefined;
}

/** Follow the chain over these events; the link to go on from, or the first fault. */
export async function follow(from: Link, events: readonly ProvedEvent[]): Promise<Link | Fault> {
  let link = from;
  for (const event of events) {
    const next = await step(link, event);
    if ("what" in next) return next;
    link = next;
  }
  return link;
}

async function step(link: Link, event: ProvedEvent): Promise<Link | Fault> {
  const { seq, proof } = event;
  const fault = (what: string): Fault => ({ seq: link.seq + 1, what });
  if (seq !== link.seq + 1) return fault(t("faultNext", { seq: String(seq) }));
  if (proof.format !== FORMAT) return { seq, what: t("faultFormat", { format: proof.format }) };
  if (link.roomId !== null && proof.room_id !== link.roomId) return fault(t("faultRoom"));
  const refers = event.type === "room" && typeof proof.of === "string";
  const facts = JSON.parse(proof.details ?? "{}") as Record<string, unknown>;
  const [hash, name, text, people] = await Promise.all([
    sha256(link.hash, header(event)),
    sealed(proof.name_salt, event.username, proof.name_commitment),
    sealed(proof.text_salt, textOf(event), proof.text_commitment),
    arePeople(event, facts),
  ]);
  if (toHex(hash) !== proof.hash || !proof.hash.startsWith(event.hash)) return fault(t("faultHash"));
  if (!name) return fault(t("faultName"));
  if (!text) return fault(t("faultText"));
  if (!people) return fault(t("faultPeople"));
  if (SHOWN.some((key) => (event as unknown as Record<string, unknown>)[key] !== facts[key])) return fault(t("faultFacts"));
  if (refers && link.topics.get(proof.of!) !== event.topic) return fault(t("faultTopic"));
  const topics = event.type === "room" && proof.text_commitment ? new Map([...link.topics, [String(seq), event.topic ?? ""]]) : link.topics;
  return { seq, hash, roomId: proof.room_id, topics };
}

/** The bytes of what must never change, in the fixed order. */
function header(event: ProvedEvent): Uint8Array<ArrayBuffer> {
  const { proof } = event;
  return joined([
    FORMAT, event.event ?? event.type, proof.room_id, event.seq, event.at, proof.user_id, proof.node, proof.session,
    event.id ?? proof.id, event.cause, event.last_seen_at, event.sessions, proof.replay_from,
    event.of?.join(",") ?? proof.of, fromHex(proof.name_commitment), proof.text_commitment ? fromHex(proof.text_commitment) : null,
    ...(proof.details === undefined ? [] : [proof.details]), // the one field that is left out where there is none
  ].flatMap(field));
}

/** Four bytes of length and so many of content; an absent field is the greatest length alone. */
function field(value: string | number | Uint8Array<ArrayBuffer> | null | undefined): Uint8Array<ArrayBuffer>[] {
  if (value === null || value === undefined) return [ABSENT];
  const bytes = value instanceof Uint8Array ? value : encoder.encode(String(value));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return [length, bytes];
}

/** What a person wrote. The message of a notification is not part of the log. */
function textOf({ type, message, reason, topic, proof }: ProvedEvent): string {
  return (type === "notification" ? null : message) ?? proof.reason ?? reason ?? topic ?? "";
}

/** Whoever an event names besides its author, or as its author, with subjects. */
async function arePeople(event: ProvedEvent, facts: Record<string, unknown>): Promise<boolean> {
  for (const part of ["by", "member"] as const) {
    const seals = facts[part] as Sealed | undefined, person = event.proof.people?.[part];
    if (seals === undefined) continue;
    const subject = part === "member" ? event.subject : person?.subject;
    if (!await sealed(person?.name_salt, event[part] ?? event.username, seals.name)) return false;
    if (seals.subject !== undefined && !await sealed(person?.subject_salt, subject ?? "", seals.subject)) return false;
  }
  return true;
}

async function sealed(salt: string | null | undefined, content: string, commitment: string | null | undefined): Promise<boolean> {
  if (!salt) return true; // erased, or never there: the header vouches for the commitment
  return toHex(await sha256(fromHex(salt), encoder.encode(content))) === commitment;
}

async function sha256(...parts: Uint8Array<ArrayBuffer>[]): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", joined(parts)));
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: text.length >> 1 }, (_, index) => parseInt(text.slice(2 * index, 2 * index + 2), 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
