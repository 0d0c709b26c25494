type Section = Readonly<Record<string, unknown>>;
type Words = Readonly<Record<string, Section>>;

export const SECTIONS: readonly string[];
export function readLanguages(folder: string): Promise<ReadonlyMap<string, Words>>;
export function faultsOf(language: string, words: Words, english: Words): string[];
