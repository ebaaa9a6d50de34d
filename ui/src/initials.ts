// The one or two letters that stand for a name.

/** Of the first and the last word of a name, or of an e-mail address its first letter; nothing when there is no letter. */
export function initialsOf(name: string): string {
  const address = name.includes('@');
  // The first letter of each word as a person counts letters, with what belongs to it.
  const letters = name.split(/\s+/).flatMap((word) => /^\p{L}\p{M}*/u.exec(word) ?? []);
  return [letters[0], address ? '' : letters.slice(1).at(-1)].join('').toLocaleUpperCase();
}
