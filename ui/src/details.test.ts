import { describe, expect, it } from 'vitest';

import { Details } from './details.svelte';
import { MemoryHost } from './host/memory';
import type { DetailsView } from './host/host';

const OFFLINE = { reason: 'offline', detail: null } as const;
const view = (key: string): DetailsView => ({
  access: { parts: null, signature: { kind: 'by', key, issuer: 'https://id.example.com' } },
  id: null,
});

/** A program that answers when it is told to. */
function slow() {
  const host = new MemoryHost();
  const answers: ((text: string) => void)[] = [];
  host.reveal = () => new Promise((answer) => answers.push(answer));
  return { details: new Details(host), answers };
}

describe('the details', () => {
  it('are of the last look, whichever answer comes first', async () => {
    const host = new MemoryHost();
    const answers: ((view: DetailsView) => void)[] = [];
    host.details = () => new Promise((answer) => answers.push(answer));
    const details = new Details(host);
    const looks = [details.look(), details.look()];
    expect(details.isLooking).toBe(true);
    answers[1]?.(view('new'));
    answers[0]?.(view('old'));
    await Promise.all(looks);
    expect([details.view, details.isLooking]).toEqual([view('new'), false]);
  });

  it('stay when they cannot be told again, and say why', async () => {
    const host = new MemoryHost();
    const details = new Details(host);
    await details.look();
    host.refusals.set('details', OFFLINE);
    await details.look();
    expect([details.view, details.problem]).toEqual([host.detailed, OFFLINE]);
    host.refusals.clear();
    await details.look();
    expect(details.problem).toBeNull();
  });
});

describe('a token', () => {
  it('is there while the button is held', async () => {
    const details = new Details(new MemoryHost());
    await details.hold('access');
    expect(details.revealed).toContain('access');
    details.letGo();
    expect(details.revealed).toBeNull();
  });

  it('that comes after the button was let go is not shown', async () => {
    const { details, answers } = slow();
    const held = details.hold('access');
    details.letGo();
    answers[0]?.('late');
    await held;
    expect(details.revealed).toBeNull();
  });

  it('is that of the last hold', async () => {
    const { details, answers } = slow();
    const holds = [details.hold('access'), (details.letGo(), details.hold('id'))];
    answers[1]?.('second');
    answers[0]?.('first');
    await Promise.all(holds);
    expect(details.revealed).toBe('second');
  });

  it('that cannot be had is said, until the next is', async () => {
    const host = new MemoryHost();
    const details = new Details(host);
    host.refusals.set('reveal', OFFLINE);
    await details.hold('access');
    expect([details.revealed, details.problem]).toEqual([null, OFFLINE]);
    host.refusals.clear();
    await details.hold('access');
    expect(details.problem).toBeNull();
  });
});
