// The doctor's words, as a page sets them: they are written for the line of a terminal.

export interface Piece {
  text: string;
  /** Whether it is to be typed as it stands. */
  code: boolean;
}

/** A text whose first word begins as a sentence does. Names, addresses and paths stay as they are written. */
export function asSentence(text: string): string {
  return text.replace(/^(?!keyfob\b)[a-z](?=[a-z]*(\s|[,:;](\s|$)|$))/, (letter) => letter.toUpperCase());
}

/** The text in pieces: what stands in backticks is code. A backtick without another is one. */
export function pieces(text: string): Piece[] {
  const parts = text.split(/`([^`]+)`/);
  return parts.map((part, index) => ({ text: part, code: index % 2 === 1 })).filter((piece) => piece.text !== '');
}
