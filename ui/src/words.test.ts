import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { failures, noticeAdvice, sessionFailures, signatureFailures, signOutFailures, words, type Failure } from './words';

const table: [string, Failure][] = Object.entries(failures);
const sentences: [string, Failure][] = [failures, sessionFailures].flatMap((each) => Object.entries(each));

/** The reasons as the generated file lists them, so that a stale build of the types is noticed as well. */
function reasonsOfTheWire(): string[] {
  const source = readFileSync('src/host/wire.ts', 'utf8');
  const union = /export type Reason = ([^;]+);/.exec(source)?.[1] ?? '';
  return [...union.matchAll(/"(\w+)"/g)].map((match) => match[1] ?? '');
}

describe('the words table', () => {
  it('has words for every reason, and only for those', () => {
    expect(reasonsOfTheWire().length).toBeGreaterThan(0);
    expect(Object.keys(failures).sort()).toEqual([...reasonsOfTheWire(), 'unexpected'].sort());
  });

  it.each(sentences)('says in one sentence what happened: %s', (_, { happened }) => {
    expect(happened).toMatch(/^[A-Z][^.!?]+\.$/);
  });

  it.each(Object.entries({ ...signatureFailures, ...signOutFailures }))('says in one sentence what else it can mean: %s', (_, happened) => {
    expect(happened).toMatch(/^[A-Z][^.!?]+\.$/);
  });

  it.each(sentences)('names one thing to do: %s', (_, { todo, verb }) => {
    // A button's label is short and has no full stop; what only the person can do is a sentence.
    const shape = verb === null ? /^[A-Z].+\.$/ : /^[A-Z][^.!?]{2,24}$/;
    expect(todo).toMatch(shape);
  });

  it.each(Object.entries(noticeAdvice))('says in a sentence what to do about a notice: %s', (_, advice) => {
    expect(advice).toMatch(/^[A-Z].+\.$/);
  });

  it('keeps the labels of mending buttons apart from those that are on the screen anyway', () => {
    const onScreen: string[] = [
      words.signIn.submit,
      words.signIn.browser,
      ...[words.waiting.again, words.waiting.copy, words.waiting.paste, words.waiting.anotherWay, words.waiting.cancel],
      ...[words.signedIn.copy, words.signedIn.refresh, words.signedIn.signOut],
    ];
    expect(table.map(([, { todo }]) => todo).filter((todo) => onScreen.includes(todo))).toEqual([]);
  });
});
