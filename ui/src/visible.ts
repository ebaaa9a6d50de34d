// A stranger's text, made safe to read: what does something to a text without being seen is told apart from it.
//
// Control characters end lines and ring bells; bidirectional ones turn the order around, so that one name reads as
// another (Unicode Technical Report #36, 3.1 and 2.5); those without a width make two names look the same.

export interface Run {
  text: string;
  /** Whether this is one character that would not be seen. */
  hidden: boolean;
}

// The code points of Cc and Cf (which holds all bidirectional ones), the separators of lines and paragraphs, what stands
// for no character, and blanks that are none.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}\u115f\u1160\u2800\u3164\uffa0]/u;

/** The text in runs: what can be read as it is, and each character that cannot. */
export function visibleRuns(text: string): Run[] {
  const runs: Run[] = [];
  for (const character of text) {
    if (HIDDEN.test(character)) {
      runs.push({ text: codePoint(character), hidden: true });
    } else {
      const last = runs.at(-1);
      if (last && !last.hidden) {
        last.text += character;
      } else {
        runs.push({ text: character, hidden: false });
      }
    }
  }
  return runs;
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
