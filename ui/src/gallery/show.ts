// The whole page in one named state, on a program of paper and a held clock.
import { flushSync, mount } from 'svelte';

import App from '../App.svelte';
import { HeldClock } from '../clock.svelte';
import type { VerbName } from '../host/host';
import { MemoryHost } from '../host/memory';
import { HELD_NOW, type Act, type Fixture } from './states';

export async function show(fixture: Fixture, target: HTMLElement): Promise<{ app: object; host: MemoryHost }> {
  const host = new MemoryHost(fixture.state);
  for (const [verb, trouble] of Object.entries(fixture.refusals ?? {})) {
    host.refusals.set(verb as VerbName, trouble);
  }
  fixture.endless?.forEach((verb) => host.endless.add(verb));

  const clock = new HeldClock(HELD_NOW, { locale: 'en-GB', timeZone: 'UTC' });
  const app = mount(App, { target, props: { host, clock } });
  await settled();
  for (const act of fixture.acts ?? []) {
    perform(act, target);
    await settled();
  }
  return { app, host };
}

function perform(act: Act, page: HTMLElement): void {
  if ('type' in act) {
    const field = page.querySelector('input');
    if (!field) {
      throw new Error(`there is no field to type "${act.type}" into`);
    }
    field.value = act.type;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  } else {
    const button = [...page.querySelectorAll('button')].find((each) => each.textContent.trim() === act.press);
    if (!button) {
      throw new Error(`there is no button "${act.press}"`);
    }
    button.click();
  }
}

/** Lets the program's answers arrive and the page be drawn. */
export async function settled(): Promise<void> {
  flushSync();
  await new Promise((resolve) => setTimeout(resolve));
  flushSync();
}
