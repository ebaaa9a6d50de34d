import { createRawSnippet, flushSync, mount, unmount } from 'svelte';
import { afterEach, describe, expect, it } from 'vitest';

import Ring from './Ring.svelte';

const children = createRawSnippet(() => ({ render: () => '<p>12 min</p>' }));
let drawn: ReturnType<typeof mount> | undefined;

afterEach(async () => {
  if (drawn) {
    await unmount(drawn);
  }
});

/** A ring with so much left, and what it looks like when that is less or more. */
function ring(share: number) {
  const props = $state({ share, tone: 'fresh' as const, children });
  drawn = mount(Ring, { target: document.body, props });
  const arc = () => document.querySelector('.left')!;
  return (next: number) => {
    props.share = next;
    flushSync();
    return { offset: arc().getAttribute('stroke-dashoffset'), glides: arc().classList.contains('glides') };
  };
}

describe('the ring', () => {
  it('closes by whole degrees, which are drawn at once', () => {
    const closes = ring(0.5);
    expect(closes(0.4999)).toMatchObject({ offset: '180' });
    expect(closes(179 / 360)).toEqual({ offset: '181', glides: false });
    expect(closes(178.9 / 360)).toEqual({ offset: '181', glides: false });
  });

  it('glides where it would be seen to jump: when the token is renewed', () => {
    const closes = ring(0.1);
    expect(closes(35 / 360)).toEqual({ offset: '325', glides: false });
    expect(closes(1)).toEqual({ offset: '0', glides: true });
    expect(closes(359 / 360)).toEqual({ offset: '1', glides: false });
  });
});
