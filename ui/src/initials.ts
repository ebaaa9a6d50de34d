// The one or two letters that stand for a name.

/** Of the first and the last word of a name, or of an e-mail address its first letter; nothing when there is no letter. */
export function initialsOf(name: string): string {
  const address = name.includes('@');
  const words = (address ? name.slice(0, name.indexOf('@')) : name).split(/\s+/u).filter((word) => /^\p{L}/u.test(word));
  const first = words[0];
  const last = words.length > 1 && !address ? words[words.length - 1] : undefined;
  return [first, last].map(letterOf).join('');
}

/** The first letter as a person counts letters, with what belongs to it. */
function letterOf(word: string | undefined): string {
  const letter = word === undefined ? undefined : /^\p{L}\p{M}*/u.exec(word)?.[0];
  return letter?.toLocaleUpperCase() ?? '';
}
