/** Everything in the chunk of dialogs about rooms and roles. */
export { CreateDialog } from "./create-dialog.tsx";
export { PersonDialog } from "./person-dialog.tsx";
export { RedactDialog } from "./redact-dialog.tsx";
export { RoomDialog } from "./room-dialog.tsx";
