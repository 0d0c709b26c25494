/** What this server is called: its setting `title`. */
export const title = document.querySelector<HTMLMetaElement>("meta[name=application-name]")!.content;
