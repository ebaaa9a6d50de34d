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
// for no character, whatever else Unicode asks to draw as nothing (variation selectors, fillers), and the blank of Braille.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/u;

// Some of them are seen by what they do: each of these is matched against such a one between its neighbours.

// U+FE0E and U+FE0F choose how an emoji is drawn; in a keycap, a digit.
const CHOOSES_A_DRAWING = /^(\p{Extended_Pictographic}[\ufe0e\ufe0f]|[0-9#*]\ufe0f\u20e3)/u;

// U+200D makes one drawing of two.
const MAKES_ONE_DRAWING = /^[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f]\u200d\p{Extended_Pictographic}/u;

// U+200C and U+200D part and join letters, in scripts whose letters join (by their codes of ISO 15924): Arabic, Syriac,
// N'Ko, Mandaic, Mongolian; those of India, from Devanagari to Sinhala; Khmer and Burmese.
const JOINING_SCRIPTS =
  'Arab Syrc Nkoo Mand Mong Deva Beng Gujr Guru Orya Taml Telu Knda Mlym Sinh Khmr Mymr'.split(' ');
const inScript = (script: string) => `(?=[\\p{L}\\p{M}])\\p{scx=${script}}`;
const JOINS_LETTERS = new RegExp(
  `^(${JOINING_SCRIPTS.map(inScript).map((letter) => `${letter}[\u200c\u200d]${letter}`).join('|')})`,
  'u',
);

const SEEN = [CHOOSES_A_DRAWING, MAKES_ONE_DRAWING, JOINS_LETTERS];

/** The text in runs: what can be read as it is, and each character that cannot. */
export function visibleRuns(text: string): Run[] {
  const runs: Run[] = [];
  const characters = [...text];
  for (const [index, character] of characters.entries()) {
    if (HIDDEN.test(character) && !isSeen(characters, index)) {
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

/** Whether this one is seen by what it does to its neighbours. */
function isSeen(characters: string[], index: number): boolean {
  const among = characters.slice(Math.max(index - 1, 0), index + 2).join('');
  return index > 0 && SEEN.some((does) => does.test(among));
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
