/** Counted words and lists of names. */

export const number = new Intl.NumberFormat();

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number.format(count)} ${count === 1 ? one : many}`;
}

/** "ada", "ada and bob", "ada, bob and 3 others". */
export function nameList(names: readonly string[], shown = 3): string {
  if (names.length <= 1) return names[0] ?? "";
  if (names.length <= shown) return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  const named = names.slice(0, shown - 1);
  return `${named.join(", ")} and ${plural(names.length - named.length, "other")}`;
}
