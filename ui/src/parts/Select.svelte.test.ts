import { flushSync, mount, unmount } from 'svelte';
import { afterEach, expect, it } from 'vitest';

import Select from './Select.svelte';

const options = ['', 'work', 'home'].map((value) => ({ value, label: value || 'The last one' }));
let drawn: ReturnType<typeof mount> | undefined;

afterEach(async () => {
  if (drawn) {
    await unmount(drawn);
  }
});

it('shows what is chosen, also after a pick that was taken back', () => {
  const picked: string[] = [];
  const props = $state({ id: 'start', options, value: 'home', onchoose: (value: string) => picked.push(value) });
  drawn = mount(Select, { target: document.body, props });
  flushSync();
  const select = document.querySelector('select')!;
  expect(select.value).toBe('home');

  const pick = (value: string) => {
    select.value = value;
    select.dispatchEvent(new Event('change', { bubbles: true }));
  };
  const becomes = (value: string) => {
    props.value = value;
    flushSync();
    return select.value;
  };
  pick('');
  expect(becomes('')).toBe('');
  // It could not be saved.
  expect(becomes('home')).toBe('home');
  // It is tried again, by a button.
  expect(becomes('')).toBe('');
  expect(becomes('work')).toBe('work');
  expect(picked).toEqual(['']);
});

it('shows what is chosen among options that come later', () => {
  const props = $state({ id: 'start', options: options.slice(0, 1), value: 'work', onchoose: () => undefined });
  drawn = mount(Select, { target: document.body, props });
  flushSync();
  props.options = options;
  flushSync();
  expect(document.querySelector('select')!.value).toBe('work');
});
