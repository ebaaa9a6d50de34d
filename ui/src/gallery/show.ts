// The whole page in one named state, on a program of paper and a held clock.
import { flushSync, mount } from 'svelte';

import App from '../App.svelte';
import { HeldClock } from '../clock.svelte';
import { MemoryHost, type Asked } from '../host/memory';
import { HELD_NOW, LOCAL_ENTRY, PRESETS, type Act, type Fixture } from './states';

export async function show(fixture: Fixture, target: HTMLElement): Promise<{ app: object; host: MemoryHost }> {
  const host = new MemoryHost(fixture.state);
  for (const [verb, trouble] of Object.entries(fixture.refusals ?? {})) {
    host.refusals.set(verb as Asked, trouble);
  }
  fixture.endless?.forEach((verb) => host.endless.add(verb));
  host.list = { profiles: fixture.profiles ?? [{ ...LOCAL_ENTRY, in_use: true }], presets: PRESETS };
  host.added = fixture.added ?? host.added;
  host.picture = fixture.picture ?? null;
  host.chosen = fixture.settings ?? host.chosen;
  host.detailed = fixture.details ?? host.detailed;
  host.findings = fixture.findings ?? host.findings;
  host.mended = fixture.mended ?? host.mended;

  const clock = new HeldClock(HELD_NOW, { locale: 'en-GB', timeZone: 'UTC' });
  const app = mount(App, { target, props: { host, clock } });
  await settled();
  for (const act of fixture.acts ?? []) {
    if ('hang' in act) {
      host.endless.add(act.hang);
    } else {
      perform(act, target);
    }
    await settled();
  }
  return { app, host };
}

function perform(act: Exclude<Act, { hang: Asked }>, page: HTMLElement): void {
  if ('type' in act) {
    const field = page.querySelector<HTMLInputElement>(act.into ? `input#${act.into}` : 'input');
    if (!field) {
      throw new Error(`there is no field to type "${act.type}" into`);
    }
    field.value = act.type;
    field.dispatchEvent(new Event('input', { bubbles: true }));
  } else if ('key' in act) {
    page.dispatchEvent(new KeyboardEvent('keydown', { ...act, bubbles: true }));
  } else if ('pick' in act) {
    const list = page.querySelector('select');
    if (!list) {
      throw new Error(`there is no list to pick "${act.pick}" from`);
    }
    list.value = act.pick;
    list.dispatchEvent(new Event('change', { bubbles: true }));
  } else if ('radio' in act) {
    const radio = page.querySelector<HTMLInputElement>(`input[type="radio"][value="${act.radio}"]`);
    if (!radio) {
      throw new Error(`there is no radio button "${act.radio}"`);
    }
    radio.click();
  } else if ('hold' in act) {
    buttonNamed(page, act.hold).dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }));
  } else {
    buttonNamed(page, act.press).click();
  }
}

function buttonNamed(page: HTMLElement, name: string): HTMLButtonElement {
  const wanted = (each: HTMLButtonElement) =>
    [each.textContent.trim().replace(/\s+/g, ' '), each.getAttribute('aria-label'), each.title].includes(name);
  const button = [...page.querySelectorAll('button')].find(wanted);
  if (!button) {
    throw new Error(`there is no button "${name}"`);
  }
  return button;
}

/** Lets the program's answers arrive and the page be drawn. */
export async function settled(): Promise<void> {
  flushSync();
  await new Promise((resolve) => setTimeout(resolve));
  flushSync();
}
